#!/bin/sh
# Makes what rcgen cannot: version 1, MD5, SHA-1, odd PSS salts, small keys. Run in this folder, with OpenSSL 3.
# The keys are for tests only. The tests pin their clock to 2027-01-01, so nothing here expires under them.
set -eu
DAYS="-days 9999"

# The documented recipe: a CA, and a client certificate from an empty extension section, which makes version 1.
openssl req -x509 -sha256 -nodes $DAYS -newkey rsa:2048 -subj "/O=Example ORG/CN=CA Cert" -keyout ca.key -out ca.crt
openssl req -new -sha256 -nodes -newkey rsa:2048 -subj "/O=Example ORG/CN=Client" -keyout client.key -out client.csr
printf '[v3_req]\n' > client.cnf
issue() { # out, further arguments
    out=$1; shift
    openssl x509 -req $DAYS -in client.csr -CAcreateserial -out "$out" "$@"
}
issue v1.crt -sha256 -CA ca.crt -CAkey ca.key -extfile client.cnf -extensions v3_req
openssl rsa -traditional -in client.key -out client.pkcs1.key
openssl pkcs8 -topk8 -nocrypt -in client.pkcs1.key -out client.pkcs8.key
cmp client.key client.pkcs8.key
openssl pkcs8 -topk8 -in client.key -passout pass:x -v2 aes-128-cbc -iter 1 -out client.encrypted.key
openssl rsa -traditional -aes128 -passout pass:x -in client.key -out client.legacy.key

# The authority's certificate as version 1.
openssl req -new -key ca.key -subj "/O=Example ORG/CN=CA Cert" -out ca.csr
openssl x509 -req $DAYS -sha256 -in ca.csr -signkey ca.key -out ca-v1.crt

printf '[e]\nbasicConstraints=CA:FALSE\n' > v3.cnf
issue md5.crt -md5 -CA ca.crt -CAkey ca.key -extfile v3.cnf -extensions e
issue sha1.crt -sha1 -CA ca.crt -CAkey ca.key -extfile v3.cnf -extensions e
issue pss-32.crt -sha256 -CA ca.crt -CAkey ca.key -extfile v3.cnf -extensions e -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32
issue pss-222.crt -sha256 -CA ca.crt -CAkey ca.key -extfile v3.cnf -extensions e -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:222
# The authority's certificate renewed, with the same key and another serial number; and a leaf that names the first one's.
openssl req -x509 -sha256 $DAYS -key ca.key -subj "/O=Example ORG/CN=CA Cert" -out ca-renewed.crt
printf '[e]\nauthorityKeyIdentifier=keyid,issuer:always\n' > serial.cnf
issue by-serial.crt -sha256 -CA ca.crt -CAkey ca.key -extfile serial.cnf -extensions e
# Two intermediates with one key, of version 3 and of version 1, and a version 1 leaf below them.
printf '[e]\nbasicConstraints=critical,CA:TRUE\n' > ca.cnf
openssl req -new -newkey rsa:2048 -nodes -subj "/CN=Intermediate" -keyout inter.key -out inter.csr
openssl x509 -req $DAYS -sha256 -in inter.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out inter.crt -extfile ca.cnf -extensions e
openssl x509 -req $DAYS -sha256 -in inter.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out inter-v1.crt
issue v1-by-inter.crt -sha256 -CA inter.crt -CAkey inter.key
printf '[e]\nnsCertType=server\n' > ns.cnf
issue ns-server.crt -sha256 -CA ca.crt -CAkey ca.key -extfile ns.cnf -extensions e

openssl req -x509 -sha256 -nodes $DAYS -newkey rsa:1024 -subj "/CN=Small CA" -keyout small-ca.key -out small-ca.crt
issue by-small-ca.crt -sha256 -CA small-ca.crt -CAkey small-ca.key -extfile v3.cnf -extensions e
openssl req -x509 -sha512 -nodes $DAYS -newkey ec -pkeyopt ec_paramgen_curve:P-521 -subj "/CN=P-521 CA" -keyout p521-ca.key -out p521-ca.crt
# An authority whose certificate does not name its curve.
openssl req -x509 -sha256 -nodes $DAYS -newkey ec -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit -subj "/CN=Explicit CA" -keyout explicit-ca.key -out explicit-ca.crt
issue by-explicit-ca.crt -sha256 -CA explicit-ca.crt -CAkey explicit-ca.key -extfile v3.cnf -extensions e
issue by-p521-ca.crt -sha512 -CA p521-ca.crt -CAkey p521-ca.key -extfile v3.cnf -extensions e

openssl req -new -sha256 -nodes -newkey rsa:1024 -subj "/CN=Small" -keyout small.key -out small.csr
openssl x509 -req $DAYS -sha256 -in small.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out small.crt -extfile v3.cnf -extensions e
openssl ecparam -name prime256v1 -genkey -out ec.key
openssl genrsa -primes 3 -out multi-prime.key 2048
openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out pss.key
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_pubexp:1099511627791 -out large-exponent.key
openssl req -x509 -sha256 $DAYS -key large-exponent.key -subj "/CN=Odd" -addext basicConstraints=critical,CA:FALSE -out large-exponent.crt

openssl x509 -in v1.crt -trustout -addtrust clientAuth -out trusted.crt
openssl crl2pkcs7 -nocrl -certfile v1.crt -out v1.p7b
openssl x509 -in v1.crt -outform DER -out v1.der
rm -f ./*.csr ./*.cnf ./*.srl ca.key inter.key small-ca.key p521-ca.key explicit-ca.key client.pkcs8.key
