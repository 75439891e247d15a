#include "fetch/transfer.hh"

#include "fetch/curl_library.hh"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <initializer_list>

namespace engine::fetch {
namespace {

class CurlPool final : public ConnectionPool {
 public:
  explicit CurlPool(const CurlLibrary& library) : curl(library), multi(library.multi_init()) {}
  ~CurlPool() override { curl.multi_cleanup(multi); }
  CurlPool(const CurlPool&) = delete;
  CurlPool& operator=(const CurlPool&) = delete;

  const CurlLibrary& curl;
  CURLM* multi;
};

constexpr int kPollMilliseconds = 1000;

// What no honest head of an answer reaches, redirects and interim answers counted.
constexpr std::size_t kMaxHead = 256U << 10U;
constexpr long kSlowest = 1000;  // bytes a second

Errc kind_of(CURLcode code) {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return Errc::timeout;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return Errc::parse_url;
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_HTTP2_STREAM:
    case CURLE_HTTP2:
      return Errc::connection_lost;
    default:
      return Errc::network;
  }
}

const char* advice(CURLcode code) {
  switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return "give a URL that begins with http:// or https://";
    case CURLE_PEER_FAILED_VERIFICATION:
      return "if the server is the right one, name the authority that signed its certificate with "
             "--cacert FILE or in SSL_CERT_FILE";
    case CURLE_SSL_CACERT_BADFILE:
      return "--cacert, CURL_CA_BUNDLE or SSL_CERT_FILE must name a file of certificates in PEM "
             "form";
    case CURLE_TOO_MANY_REDIRECTS:
      return "the server sends its callers round in circles: ask for another address";
    default:
      return "check the address and the connection, then try again";
  }
}

Error transfer_error(CURLcode code, const Request& request, const char* words) {
  const bool reads = request.method.empty() || request.method == "GET";
  const char* doing = reads ? "reading " : "sending to ";
  return Error{.code = kind_of(code),
               .message = doing + shown_url(request.url) + ": " + words,
               .hint = advice(code)};
}

/// The first of the variables that is set, as curl itself reads them; libcurl does not.
const char* from_environment(std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const char* value = std::getenv(name);
    if (value != nullptr && value[0] != '\0') return value;
  }
  return nullptr;
}

}  // namespace

std::string shown_url(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return std::string(url);
  const auto host = scheme + 3;
  const auto at = url.substr(host, url.find_first_of("/?#", host) - host).rfind('@');
  if (at == std::string_view::npos) return std::string(url);
  return std::string(url.substr(0, host)).append("***").append(url.substr(host + at));
}

Result<std::shared_ptr<ConnectionPool>> ConnectionPool::make() {
  TRY_ASSIGN(const CurlLibrary* library, CurlLibrary::load());
  return std::make_shared<CurlPool>(*library);
}

/// The easy handle and what its callbacks fill.
class Transfer::State {
 public:
  State(std::shared_ptr<CurlPool> pool, Request request)
      : pool_(std::move(pool)), curl_(pool_->curl), request_(std::move(request)) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    curl_.slist_free_all(headers_);
    if (easy_ == nullptr) return;
    curl_.multi_remove_handle(pool_->multi, easy_);
    curl_.easy_cleanup(easy_);
  }

  Result<> begin(const ConnectOptions& options) {
    easy_ = curl_.easy_init();
    if (easy_ == nullptr) return fail(Errc::network, "libcurl is out of memory");
    set(CURLOPT_URL, request_.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    set(CURLOPT_FOLLOWLOCATION, request_.method.empty() ? 1L : 0L);
    set(CURLOPT_MAXREDIRS, 5L);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_NOBODY, request_.head ? 1L : 0L);
    set(CURLOPT_CONNECTTIMEOUT, static_cast<long>(options.connect_seconds));
    set(CURLOPT_LOW_SPEED_LIMIT, kSlowest);
    set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(options.stall_seconds));
    set(CURLOPT_USERAGENT, "moonbox");
    set_authorities(options.ca_file);
    set(CURLOPT_ERRORBUFFER, words_.data());
    set(CURLOPT_HEADERFUNCTION, &State::on_header);
    set(CURLOPT_HEADERDATA, this);
    set(CURLOPT_WRITEFUNCTION, &State::on_body);
    set(CURLOPT_WRITEDATA, this);
    if (request_.last) {
      range_ = std::to_string(request_.first) + "-" + std::to_string(*request_.last);
      set(CURLOPT_RANGE, range_.c_str());
    }
    if (!request_.method.empty()) set_body();
    curl_.multi_add_handle(pool_->multi, easy_);
    return {};
  }

  Result<ResponseHead> head() {
    // The body may have begun with the same packet, or there may be none.
    while (!head_complete_ && !outcome_)
      TRY(turn());
    if (!head_complete_) TRY(failure());
    return head_;
  }

  Result<std::size_t> read(MutableBytes into) {
    while (taken_ == pending_.size()) {
      if (outcome_) {
        TRY(failure());
        return 0;
      }
      TRY(turn());
    }
    const std::size_t count = std::min(into.size(), pending_.size() - taken_);
    std::copy_n(pending_.begin() + static_cast<std::ptrdiff_t>(taken_), count, into.begin());
    taken_ += count;
    if (taken_ == pending_.size()) {
      pending_.clear();
      taken_ = 0;
    }
    return count;
  }

 private:
  void set_authorities(const std::string& ca_file) {
    const char* file =
        ca_file.empty() ? from_environment({"CURL_CA_BUNDLE", "SSL_CERT_FILE"}) : ca_file.c_str();
    if (file != nullptr) return set(CURLOPT_CAINFO, file);
    if (const char* folder = from_environment({"SSL_CERT_DIR"})) set(CURLOPT_CAPATH, folder);
  }

  void set_body() {
    // Nothing is gained by asking first whether a body is welcome.
    headers_ = curl_.slist_append(headers_, "Expect:");
    for (const std::string& line : request_.headers)
      headers_ = curl_.slist_append(headers_, line.c_str());
    set(CURLOPT_HTTPHEADER, headers_);
    if (request_.upload) {
      set(CURLOPT_UPLOAD, 1L);
      set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request_.upload_size));
      set(CURLOPT_READFUNCTION, &State::on_upload);
      set(CURLOPT_READDATA, this);
    } else {
      set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
      set(CURLOPT_POSTFIELDS, request_.body.data());
    }
    set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  }

  template <typename T>
  void set(CURLoption option, T value) {
    curl_.easy_setopt(easy_, option, value);
  }

  static std::size_t on_header(char* data, std::size_t, std::size_t size, void* self) {
    auto& state = *static_cast<State*>(self);
    state.head_bytes_ += size;
    if (state.head_bytes_ > kMaxHead) return 0;
    state.take_header({data, size});
    return size;
  }

  static std::size_t on_upload(char* into, std::size_t, std::size_t size, void* self) {
    auto got = static_cast<State*>(self)->request_.upload(
        MutableBytes(reinterpret_cast<std::byte*>(into), size));
    return got ? *got : CURL_READFUNC_ABORT;
  }

  static std::size_t on_body(char* data, std::size_t, std::size_t size, void* self) {
    auto& state = *static_cast<State*>(self);
    state.head_complete_ = true;
    const ByteView bytes = as_bytes(std::string_view(data, size));
    state.pending_.insert(state.pending_.end(), bytes.begin(), bytes.end());
    return size;
  }

  void take_header(std::string_view line) {
    while (line.ends_with('\n') || line.ends_with('\r'))
      line.remove_suffix(1);
    if (!line.empty()) return head_.take_line(line);
    // The head of a redirect or of an interim answer is not the one that counts.
    head_complete_ = head_.status >= 200 && (head_.status < 300 || head_.status >= 400);
  }

  /// Lets libcurl work once, waiting for the network if there is nothing to do.
  Result<> turn() {
    int running = 0;
    if (curl_.multi_perform(pool_->multi, &running) != CURLM_OK) {
      return fail(Errc::network, "libcurl failed on " + shown_url(request_.url));
    }
    int left = 0;
    while (const CURLMsg* message = curl_.multi_info_read(pool_->multi, &left)) {
      if (message->msg == CURLMSG_DONE && message->easy_handle == easy_) {
        outcome_ = message->data.result;
      }
    }
    if (!outcome_ && taken_ == pending_.size()) {
      curl_.multi_poll(pool_->multi, nullptr, 0, kPollMilliseconds, nullptr);
    }
    return {};
  }

  [[nodiscard]] Result<> failure() const {
    if (outcome_ == CURLE_OK) return {};
    if (head_bytes_ > kMaxHead) {
      return fail(transfer_error(*outcome_, request_, "the head of the answer does not end"));
    }
    const char* words = words_[0] != '\0' ? words_.data() : curl_.easy_strerror(*outcome_);
    return fail(transfer_error(*outcome_, request_, words));
  }

  std::shared_ptr<CurlPool> pool_;
  const CurlLibrary& curl_;
  Request request_;
  CURL* easy_ = nullptr;
  curl_slist* headers_ = nullptr;
  std::string range_;
  std::array<char, CURL_ERROR_SIZE> words_ = {};
  ResponseHead head_;
  std::size_t head_bytes_ = 0;
  bool head_complete_ = false;
  Bytes pending_;
  std::size_t taken_ = 0;
  std::optional<CURLcode> outcome_;
};

Transfer::Transfer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Transfer::~Transfer() = default;

Result<std::unique_ptr<Transfer>> Transfer::start(std::shared_ptr<ConnectionPool> pool,
                                                  const Request& request,
                                                  const ConnectOptions& options) {
  auto state =
      std::make_unique<State>(std::static_pointer_cast<CurlPool>(std::move(pool)), request);
  TRY(state->begin(options));
  return std::unique_ptr<Transfer>(new Transfer(std::move(state)));
}

Result<ResponseHead> Transfer::head() {
  return state_->head();
}

Result<std::size_t> Transfer::read(MutableBytes into) {
  return state_->read(into);
}

}  // namespace engine::fetch
