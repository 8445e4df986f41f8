import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import javax.net.ssl.KeyManagerFactory;

/**
 * Loads pairs of a certificate file and a key file by the rules of the classic delegate: one unencrypted PKCS#8 RSA
 * key with nothing around it, certificates leaf first. Prints a line for every pair, {@code loaded …} or
 * {@code refused: …}, and ends with 0 when the delegate would start with each of them, else with 1.
 *
 * <p>Arguments: certificate, key, certificate, key, …
 */
public final class Loader {
    private static final String BEGIN = "-----BEGIN PRIVATE KEY-----";
    private static final String END = "-----END PRIVATE KEY-----";

    public static void main(String[] files) {
        boolean all = true;
        for (int pair = 0; pair < files.length; pair += 2) {
            try {
                int chain = load(Path.of(files[pair]), Path.of(files[pair + 1]));
                System.out.println("loaded a key and " + chain + (chain == 1 ? " certificate" : " certificates"));
            } catch (Exception refused) {
                System.out.println("refused: " + refused.toString().lines().findFirst().orElse(""));
                all = false;
            }
        }
        System.exit(all ? 0 : 1);
    }

    /** The length of the chain, if a delegate starts with this pair. */
    private static int load(Path certificate, Path key) throws Exception {
        Certificate[] chain;
        try (InputStream in = Files.newInputStream(certificate)) {
            chain = CertificateFactory.getInstance("X.509").generateCertificates(in).toArray(new Certificate[0]);
        }
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        store.setKeyEntry("client", key(Files.readString(key)), new char[0], chain);
        KeyManagerFactory.getInstance("SunX509").init(store, new char[0]);
        return chain.length;
    }

    private static PrivateKey key(String file) throws Exception {
        String line = file.trim().replace("\n", "").replace("\r", "");
        if (line.lastIndexOf(BEGIN) != 0 || line.indexOf(END) != line.length() - END.length()) {
            throw new IllegalArgumentException("not exactly one PKCS#8 key and nothing else");
        }
        String body = line.substring(BEGIN.length(), line.length() - END.length()).replace(" ", "");
        return KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(body)));
    }
}
