//! What the parts of a delegate on mTLS are called, and where they stand.

use super::Generation;

/// Where the pair is mounted, in the delegate and in its upgrader.
pub(crate) const MOUNT_PATH: &str = "/etc/mtls";
/// The name of the volume.
pub(crate) const VOLUME: &str = "client-certificate";
/// The Secret's key for the certificate, and the file that it becomes.
pub(crate) const CERTIFICATE_KEY: &str = "client.crt";
/// The Secret's key for the private key.
pub(crate) const KEY_KEY: &str = "client.key";
/// Where the certificate is read.
pub(crate) const CERTIFICATE_PATH: &str = "/etc/mtls/client.crt";
/// Where the private key is read.
pub(crate) const KEY_PATH: &str = "/etc/mtls/client.key";
/// The annotation of a pod template that makes pods restart when the certificate is another one.
pub(crate) const CHECKSUM: &str = "checksum/client-certificate";
/// The variable of the manager URL.
pub(crate) const MANAGER: &str = "MANAGER_HOST_AND_PORT";
/// The variable that keeps the authority of gRPC calls; else they carry one that the mTLS gateway does not route.
pub(crate) const GRPC: (&str, &str) = ("GRPC_AUTHORITY_MODIFICATION_DISABLED", "true");
/// What an upgrader's `config.yaml` says of the pair.
pub(crate) const UPGRADER_KEYS: [(&str, &str); 2] =
    [("clientCertificateFilePath", CERTIFICATE_PATH), ("clientCertificateKeyFilePath", KEY_PATH)];

/// The variables that a delegate reads the pair by: the certificate's and the key's, with the paths that they get.
pub(crate) fn path_variables(generation: &Generation) -> [(&'static str, &'static str); 2] {
    match generation {
        Generation::Classic | Generation::Legacy(_) => {
            [("DELEGATE_CLIENT_CERTIFICATE_PATH", CERTIFICATE_PATH), ("DELEGATE_CLIENT_CERTIFICATE_KEY_PATH", KEY_PATH)]
        }
        Generation::ThreeX => [("HARNESS_CLIENT_CERT_FILE", CERTIFICATE_PATH), ("HARNESS_CLIENT_KEY_FILE", KEY_PATH)],
    }
}

/// All variables of a delegate on mTLS.
pub(crate) fn variables(generation: &Generation) -> Vec<(&'static str, &'static str)> {
    let mut all = path_variables(generation).to_vec();
    if *generation != Generation::ThreeX {
        all.push(GRPC);
    }
    all
}

/// A path without doubled slashes and dots, as a kubelet sees it.
pub(crate) fn cleaned(path: &str) -> String {
    path.split('/').filter(|part| !matches!(*part, "" | ".")).map(|part| format!("/{part}")).collect()
}
