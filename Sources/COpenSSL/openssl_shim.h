#include <openssl/err.h>
#include <openssl/hmac.h>
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
