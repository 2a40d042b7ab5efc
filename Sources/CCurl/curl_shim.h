#include <curl/curl.h>
#include <stdio.h>

#if LIBCURL_VERSION_NUM < 0x075500
#error "Callslip needs libcurl 7.85 or later (apt-get install libcurl4-openssl-dev); run cluster/setup"
#endif

/* libcurl sets options by a function of variable arguments, which Swift cannot call. */

static inline CURLcode callslip_curl_number(CURL *handle, CURLoption option, long value) { return curl_easy_setopt(handle, option, value); }
static inline CURLcode callslip_curl_text(CURL *handle, CURLoption option, const char *value) { return curl_easy_setopt(handle, option, value); }
static inline CURLcode callslip_curl_pointer(CURL *handle, CURLoption option, void *value) { return curl_easy_setopt(handle, option, value); }
static inline CURLcode callslip_curl_list(CURL *handle, CURLoption option, struct curl_slist *value) { return curl_easy_setopt(handle, option, value); }

/* The server's last reply, such as 250; 0 when it gave none. */
static inline long callslip_curl_reply(CURL *handle) {
  long code = 0;
  return curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &code) == CURLE_OK ? code : 0;
}
