#include <openssl/err.h>
#include <openssl/core_names.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#if OPENSSL_VERSION_MAJOR < 3
#error "Callslip needs OpenSSL 3 (apt-get install libssl-dev); run cluster/setup"
#endif

/* What OpenSSL offers as macros alone, which Swift cannot call. */

static inline int callslip_ctx_tls13_only(SSL_CTX *context) {
  return SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1 && SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1;
}

static inline int callslip_ctx_tls12_or_later(SSL_CTX *context) { return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1; }

/* Forward secrecy and authenticated encryption alone; TLS 1.3 has nothing else (RFC 8446, 9.1). */
static inline int callslip_ctx_strong_suites(SSL_CTX *context) {
  return SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1 && SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384") == 1;
}

/* A client that names protocols (RFC 7301) must name HTTP/1.1: what was meant for another server ends here. */
static inline int callslip_alpn_http11(
    SSL *ssl, const unsigned char **out, unsigned char *out_length, const unsigned char *in, unsigned int in_length, void *nothing) {
  static const unsigned char http11[] = "\x08http/1.1";
  (void)ssl;
  (void)nothing;
  return SSL_select_next_proto((unsigned char **)out, out_length, http11, sizeof http11 - 1, in, in_length) == OPENSSL_NPN_NEGOTIATED
             ? SSL_TLSEXT_ERR_OK
             : SSL_TLSEXT_ERR_ALERT_FATAL;
}

static inline void callslip_ctx_http11_only(SSL_CTX *context) { SSL_CTX_set_alpn_select_cb(context, callslip_alpn_http11, NULL); }

static inline long callslip_set_host_name(SSL *ssl, const char *name) { return SSL_set_tlsext_host_name(ssl, name); }

static inline int callslip_ctx_groups(SSL_CTX *context) { return SSL_CTX_set1_groups_list(context, "X25519:P-256") == 1; }

static inline void callslip_ctx_no_resumption(SSL_CTX *context) {
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
}

static inline void callslip_ctx_release_buffers(SSL_CTX *context) { SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS); }

static inline void callslip_ctx_max_cert_list(SSL_CTX *context, long bytes) { SSL_CTX_set_max_cert_list(context, bytes); }

/* Takes the certificate over when it succeeds. */
static inline int callslip_ctx_add_chain(SSL_CTX *context, X509 *certificate) { return SSL_CTX_add0_chain_cert(context, certificate) == 1; }

/* Whether what the context shows is taken by who trusts what it trusts. The chain in it is built anew: for contexts that are made for this alone. */
static inline int callslip_ctx_is_trusted(SSL_CTX *context) {
  return SSL_CTX_build_cert_chain(context, SSL_BUILD_CHAIN_FLAG_UNTRUSTED | SSL_BUILD_CHAIN_FLAG_NO_ROOT) == 1;
}

static inline int callslip_bio_pending(BIO *bio) { return (int)BIO_pending(bio); }

static inline EVP_PKEY *callslip_p256_key(void) { return EVP_EC_gen("P-256"); }

static inline int callslip_names_count(const GENERAL_NAMES *names) { return sk_GENERAL_NAME_num(names); }

/* The URI at `index`, or NULL when the name there is of another kind. */
static inline const ASN1_IA5STRING *callslip_names_uri(const GENERAL_NAMES *names, int index) {
  const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, index);
  return name->type == GEN_URI ? name->d.uniformResourceIdentifier : NULL;
}

/* Public keys from their numbers; NULL for what is none. */

static inline EVP_PKEY *callslip_key_from(const char *kind, OSSL_PARAM_BLD *builder) {
  EVP_PKEY *key = NULL;
  OSSL_PARAM *fields = OSSL_PARAM_BLD_to_param(builder);
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, kind, NULL);
  if (fields == NULL || context == NULL || EVP_PKEY_fromdata_init(context) != 1 || EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, fields) != 1) key = NULL;
  EVP_PKEY_CTX_free(context);
  OSSL_PARAM_free(fields);
  return key;
}

static inline EVP_PKEY *callslip_rsa_key(const unsigned char *modulus, long modulus_length, const unsigned char *exponent, long exponent_length) {
  EVP_PKEY *key = NULL;
  OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
  BIGNUM *n = BN_bin2bn(modulus, (int)modulus_length, NULL), *e = BN_bin2bn(exponent, (int)exponent_length, NULL);
  if (builder != NULL && n != NULL && e != NULL && OSSL_PARAM_BLD_push_BN(builder, "n", n) == 1 && OSSL_PARAM_BLD_push_BN(builder, "e", e) == 1)
    key = callslip_key_from("RSA", builder);
  BN_free(n);
  BN_free(e);
  OSSL_PARAM_BLD_free(builder);
  return key;
}

/* The point uncompressed: 4, x, y. One that is not on the curve is none. */
static inline EVP_PKEY *callslip_p256_public(const unsigned char *point, long length) {
  EVP_PKEY *key = NULL;
  OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
  if (builder != NULL && OSSL_PARAM_BLD_push_utf8_string(builder, "group", "P-256", 0) == 1 &&
      OSSL_PARAM_BLD_push_octet_string(builder, "pub", point, (size_t)length) == 1)
    key = callslip_key_from("EC", builder);
  OSSL_PARAM_BLD_free(builder);
  return key;
}

/* Whether a signature with SHA-256 (RSA: PKCS #1, 1.5; EC: ECDSA, in DER) is the key's. What OpenSSL says of a wrong one is forgotten. */
static inline int callslip_is_signed(EVP_PKEY *key, const unsigned char *message, long length, const unsigned char *signature, long signature_length) {
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  int is_signed = context != NULL && EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
                  EVP_DigestVerify(context, signature, (size_t)signature_length, message, (size_t)length) == 1;
  EVP_MD_CTX_free(context);
  ERR_clear_error();
  return is_signed;
}
