//! A TLS alert → its name, and what a server means by it that looks at client certificates. RFC 8446 §6.

use std::fmt;

/// The number of a TLS alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alert(pub u8);

impl Alert {
    /// `handshake_failure`: nothing in common, or anything else.
    pub const HANDSHAKE_FAILURE: Alert = Alert(40);

    /// `protocol_version`: no TLS version in common.
    pub const PROTOCOL_VERSION: Alert = Alert(70);

    /// Its name in RFC 8446 §B.2 (RFC 5246 §7.2 for those that TLS 1.3 dropped); `None` for one that is in neither.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        Some(match self.0 {
            0 => "close_notify",
            10 => "unexpected_message",
            20 => "bad_record_mac",
            21 => "decryption_failed",
            22 => "record_overflow",
            30 => "decompression_failure",
            40 => "handshake_failure",
            41 => "no_certificate",
            42 => "bad_certificate",
            43 => "unsupported_certificate",
            44 => "certificate_revoked",
            45 => "certificate_expired",
            46 => "certificate_unknown",
            47 => "illegal_parameter",
            48 => "unknown_ca",
            49 => "access_denied",
            50 => "decode_error",
            51 => "decrypt_error",
            60 => "export_restriction",
            70 => "protocol_version",
            71 => "insufficient_security",
            80 => "internal_error",
            86 => "inappropriate_fallback",
            90 => "user_canceled",
            100 => "no_renegotiation",
            109 => "missing_extension",
            110 => "unsupported_extension",
            111 => "certificate_unobtainable",
            112 => "unrecognized_name",
            113 => "bad_certificate_status_response",
            114 => "bad_certificate_hash_value",
            115 => "unknown_psk_identity",
            116 => "certificate_required",
            120 => "no_application_protocol",
            _ => return None,
        })
    }

    /// What the server says by it, as the end of a sentence; `None` where it has nothing to do with certificates or
    /// names. Servers differ in which one they choose (Java sends `bad_certificate` for nearly everything), so it
    /// explains a refusal and never decides one.
    #[must_use]
    pub fn meaning(self) -> Option<&'static str> {
        Some(match self.0 {
            40 => "it ended the handshake without a reason",
            42 => "it could not verify the certificate",
            43 => "the certificate is not meant for this purpose",
            44 => "the certificate is revoked",
            45 => "the certificate is expired or not valid yet",
            46 => "it does not take the certificate, and does not say why",
            48 => "it does not trust the certificate's issuer",
            49 => "the certificate is valid and has no access",
            51 => "the key does not belong to the certificate",
            70 => "no TLS version in common",
            71 => "it wants stronger cryptography",
            80 => "it had an internal error",
            112 => "it does not know this host name",
            116 => "it wants a certificate and got none",
            _ => return None,
        })
    }
}

impl fmt::Display for Alert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "alert {}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alerts_about_certificates_have_a_name_and_a_meaning() {
        for (number, name, meaning) in [
            (40, "handshake_failure", "it ended the handshake without a reason"),
            (42, "bad_certificate", "it could not verify the certificate"),
            (43, "unsupported_certificate", "the certificate is not meant for this purpose"),
            (44, "certificate_revoked", "the certificate is revoked"),
            (45, "certificate_expired", "the certificate is expired or not valid yet"),
            (46, "certificate_unknown", "it does not take the certificate, and does not say why"),
            (48, "unknown_ca", "it does not trust the certificate's issuer"),
            (49, "access_denied", "the certificate is valid and has no access"),
            (51, "decrypt_error", "the key does not belong to the certificate"),
            (116, "certificate_required", "it wants a certificate and got none"),
        ] {
            assert_eq!((Alert(number).to_string().as_str(), Alert(number).meaning()), (name, Some(meaning)));
        }
    }

    #[test]
    fn every_number_has_a_word() {
        let words: Vec<String> = (0..=u8::MAX).map(|number| Alert(number).to_string()).collect();
        assert!(words.iter().all(|word| !word.is_empty()));
        assert_eq!((words[50].as_str(), words[200].as_str()), ("decode_error", "alert 200"));
        assert_eq!(Alert(50).meaning(), None);
    }
}
