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

/* Asked about once a second while something is sent: anything but 0 ends it. */
static inline int callslip_curl_is_stopped(void *flag, curl_off_t down, curl_off_t got, curl_off_t up, curl_off_t sent) {
  (void)down, (void)got, (void)up, (void)sent;
  return __atomic_load_n((const int *)flag, __ATOMIC_ACQUIRE);
}

static inline CURLcode callslip_curl_stop_by(CURL *handle, int *flag) {
  CURLcode code = curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, callslip_curl_is_stopped);
  if (code == CURLE_OK) code = curl_easy_setopt(handle, CURLOPT_XFERINFODATA, flag);
  if (code == CURLE_OK) code = curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
  return code;
}

static inline void callslip_stop(int *flag) { __atomic_store_n(flag, 1, __ATOMIC_RELEASE); }
static inline int callslip_is_stopped(const int *flag) { return __atomic_load_n(flag, __ATOMIC_ACQUIRE); }

/* The server's last reply, such as 250; 0 when it gave none. */
static inline long callslip_curl_reply(CURL *handle) {
  long code = 0;
  return curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &code) == CURLE_OK ? code : 0;
}

/* What comes is put there, and no more than fits: then the transfer ends with CURLE_WRITE_ERROR. */
struct callslip_room {
  unsigned char *bytes;
  long count;
  long max;
};

static inline size_t callslip_curl_take(char *bytes, size_t one, size_t many, void *pointer) {
  struct callslip_room *room = pointer;
  size_t count = one * many;
  if (count > (size_t)(room->max - room->count)) return 0;
  for (size_t at = 0; at < count; at++) room->bytes[room->count + (long)at] = (unsigned char)bytes[at];
  room->count += (long)count;
  return count;
}

static inline CURLcode callslip_curl_into(CURL *handle, struct callslip_room *room) {
  CURLcode code = curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, callslip_curl_take);
  return code == CURLE_OK ? curl_easy_setopt(handle, CURLOPT_WRITEDATA, room) : code;
}
