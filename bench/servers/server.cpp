// A small HTTP server in C++ as services have them: a thread for each connection, a session cache behind a reader-writer
// lock, counters that are atomic. It listens on the port that it is given and serves until SIGTERM.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <thread>

namespace {

constexpr std::size_t kLongestRequest = 8192;
constexpr std::uint64_t kVisitors = 512;

struct Session {
  std::uint64_t visitor;
  std::atomic<std::uint64_t> visits{0};
  explicit Session(std::uint64_t visitor) : visitor(visitor) {}
};

class Sessions {
 public:
  // A session is dropped now and then, and lives on for those who still use it.
  std::shared_ptr<Session> of(std::uint64_t visitor) {
    {
      std::shared_lock lock(mutex_);
      if (auto found = sessions_.find(visitor); found != sessions_.end()) return found->second;
    }
    std::unique_lock lock(mutex_);
    if (sessions_.size() >= kVisitors / 2) sessions_.erase(sessions_.begin());
    return sessions_.emplace(visitor, std::make_shared<Session>(visitor)).first->second;
  }

 private:
  std::shared_mutex mutex_;
  std::map<std::uint64_t, std::shared_ptr<Session>> sessions_;
};

Sessions sessions;
std::atomic<std::uint64_t> served{0};

std::string answer() {
  const auto number = served.fetch_add(1, std::memory_order_relaxed);
  const auto session = sessions.of(number * 2654435761u % kVisitors);
  const auto visits = session->visits.fetch_add(1) + 1;
  const std::string body = "visitor " + std::to_string(session->visitor) + ", visit " + std::to_string(visits) + "\n";
  return "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

bool send_all(int connection, const std::string& text) {
  for (std::size_t sent = 0; sent < text.size();) {
    const auto more = send(connection, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (more <= 0) return false;
    sent += static_cast<std::size_t>(more);
  }
  return true;
}

void serve(int connection) {
  std::string pending;
  char buffer[4096];
  for (;;) {
    const auto end = pending.find("\r\n\r\n");
    if (end != std::string::npos) {
      pending.erase(0, end + 4);
      if (!send_all(connection, answer())) break;
      continue;
    }
    const auto got = recv(connection, buffer, sizeof buffer, 0);
    if (got <= 0 || pending.size() > kLongestRequest) break;
    pending.append(buffer, static_cast<std::size_t>(got));
  }
  close(connection);
}

int listening(std::uint16_t port) {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  const int yes = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(listener, 128) != 0) {
    std::perror("server");
    std::exit(4);
  }
  return listener;
}

}  // namespace

int main(int count, char** arguments) {
  const int listener = listening(static_cast<std::uint16_t>(count > 1 ? std::atoi(arguments[1]) : 0));
  std::signal(SIGTERM, [](int) { _exit(0); });
  for (;;) {
    const int connection = accept(listener, nullptr, nullptr);
    if (connection < 0) continue;
    const int yes = 1;
    setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    std::thread(serve, connection).detach();
  }
}
