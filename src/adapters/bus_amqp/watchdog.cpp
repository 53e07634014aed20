#include "watchdog.hpp"

#include <algorithm>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace stockroom::bus_amqp {

Watchdog::Watchdog() : thread_([this] { run(); }) {}

Watchdog::~Watchdog() {
    {
        const base::lock_guard lock(mutex_);
        stopping_ = true;
        changed_.notify_one();
    }
    thread_.join();
}

void Watchdog::run() {
    const base::lock_guard lock(mutex_);
    while (!stopping_) {
        next_look_ = bite();
        if (next_look_ == base::Deadline::max()) {
            changed_.wait(mutex_);
        } else {
            (void)changed_.wait_until(mutex_, next_look_);
        }
    }
}

base::Deadline Watchdog::bite() {
    const auto now = std::chrono::steady_clock::now();
    auto next = base::Deadline::max();
    for (Watch* watch : watches_) {
        if (watch->socket_ < 0) continue;
        const auto due = std::min(watch->call_, watch->end_);
        if (due <= now) {
            shutdown(watch->socket_, SHUT_RDWR);
            close(watch->socket_);
            watch->socket_ = -1;
        } else {
            next = std::min(next, due);
        }
    }
    return next;
}

void Watchdog::look_again() {
    next_look_ = base::Deadline::min();
    changed_.notify_one();
}

Watch::Watch(Watchdog& watchdog) : watchdog_(watchdog) {
    const base::lock_guard lock(watchdog_.mutex_);
    watchdog_.watches_.insert(this);
}

Watch::~Watch() {
    detach();
    const base::lock_guard lock(watchdog_.mutex_);
    watchdog_.watches_.erase(this);
}

void Watch::attach(int socket) {
    const base::lock_guard lock(watchdog_.mutex_);
    socket_ = fcntl(socket, F_DUPFD_CLOEXEC, 0);
    watchdog_.look_again();
}

void Watch::detach() {
    const base::lock_guard lock(watchdog_.mutex_);
    if (socket_ >= 0) close(socket_);
    socket_ = -1;
}

void Watch::end_at(base::Deadline deadline) {
    const base::lock_guard lock(watchdog_.mutex_);
    end_ = deadline;
    watchdog_.look_again();
}

Watch::Call::Call(Watch& watch, std::chrono::milliseconds longest) : watch_(watch) {
    const auto due = base::in(longest);
    const base::lock_guard lock(watch_.watchdog_.mutex_);
    watch_.call_ = due;
    // Nearly always it looks soon enough anyway, and calls are many.
    if (due < watch_.watchdog_.next_look_) watch_.watchdog_.look_again();
}

Watch::Call::~Call() {
    const base::lock_guard lock(watch_.watchdog_.mutex_);
    watch_.call_ = base::Deadline::max();
}

}  // namespace stockroom::bus_amqp
