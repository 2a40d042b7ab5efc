#include <openssl/err.h>
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

static inline int callslip_bio_pending(BIO *bio) { return (int)BIO_pending(bio); }

static inline EVP_PKEY *callslip_p256_key(void) { return EVP_EC_gen("P-256"); }

static inline int callslip_names_count(const GENERAL_NAMES *names) { return sk_GENERAL_NAME_num(names); }

/* The URI at `index`, or NULL when the name there is of another kind. */
static inline const ASN1_IA5STRING *callslip_names_uri(const GENERAL_NAMES *names, int index) {
  const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, index);
  return name->type == GEN_URI ? name->d.uniformResourceIdentifier : NULL;
}
