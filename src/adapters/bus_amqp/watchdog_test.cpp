#include "watchdog.hpp"

#include <array>
#include <cerrno>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

namespace stockroom::bus_amqp {
namespace {

using namespace std::chrono_literals;

/// Two sockets, of which nobody reads the other.
class Pair {
  public:
    Pair() {
        EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets_.data()), 0);
        // A test that fails must not hang.
        const timeval patience{.tv_sec = 30, .tv_usec = 0};
        EXPECT_EQ(setsockopt(socket(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience), 0);
    }
    ~Pair() {
        for (const int socket : sockets_)
            close(socket);
    }
    Pair(const Pair&) = delete;
    Pair& operator=(const Pair&) = delete;

    [[nodiscard]] int socket() const { return sockets_[0]; }
    [[nodiscard]] bool takes_a_byte() const {
        return send(socket(), "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1;
    }
    /// Sends as long as it goes; the error that ends it.
    [[nodiscard]] int fill() const {
        const std::array<char, 65'536> bytes{};
        while (send(socket(), bytes.data(), bytes.size(), MSG_NOSIGNAL) >= 0) {
        }
        return errno;
    }

  private:
    std::array<int, 2> sockets_{};
};

TEST(Watchdog, EndsACallThatTakesTooLong) {
    const Pair pair;
    Watchdog watchdog;
    Watch watch(watchdog);
    watch.attach(pair.socket());
    const Watch::Call call(watch, 50ms);
    EXPECT_EQ(pair.fill(), EPIPE);
}

TEST(Watchdog, EndsEverythingOnceTheEndHasCome) {
    const Pair pair;
    Watchdog watchdog;
    Watch watch(watchdog);
    watch.attach(pair.socket());
    watch.end_at(base::in(50ms));
    const Watch::Call call(watch, 1h);
    EXPECT_EQ(pair.fill(), EPIPE);
}

TEST(Watchdog, LeavesOthersAlone) {
    const Pair slow;
    const Pair patient;
    const Pair idle;
    Watchdog watchdog;
    Watch of_slow(watchdog);
    Watch of_patient(watchdog);
    Watch of_idle(watchdog);
    of_slow.attach(slow.socket());
    of_patient.attach(patient.socket());
    of_idle.attach(idle.socket());
    {
        const Watch::Call over(of_idle, 50ms);
    }
    const Watch::Call long_one(of_patient, 1h);
    const Watch::Call call(of_slow, 100ms);
    EXPECT_EQ(slow.fill(), EPIPE);
    EXPECT_TRUE(patient.takes_a_byte());
    EXPECT_TRUE(idle.takes_a_byte());
}

}  // namespace
}  // namespace stockroom::bus_amqp
