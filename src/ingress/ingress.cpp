#include "stockroom/ingress/ingress.hpp"

#include <exception>
#include <utility>

#include "stockroom/base/check.hpp"
#include "stockroom/telemetry/log.hpp"

#include "work.hpp"

namespace stockroom::ingress {

Ingress::Ingress(std::string_view queue, Meaning meaning, Ways ways)
    : queue_(queue), meaning_(std::move(meaning)), ways_(ways) {}

Ingress::~Ingress() {
    stop();
}

void Ingress::start() {
    CHECK(!thread_.joinable(), "an ingress is started once");
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Ingress::stop() {
    if (!thread_.joinable()) return;
    thread_.request_stop();
    thread_.join();
}

std::string Ingress::trouble() const {
    const base::lock_guard lock(mutex_);
    return trouble_.empty() ? "" : queue_ + ": " + trouble_;
}

void Ingress::set_trouble(const std::string& trouble) {
    const base::lock_guard lock(mutex_);
    if (trouble == trouble_) return;
    if (!trouble.empty())
        telemetry::log(telemetry::LogLevel::warning, "a classic queue is in trouble",
                       {{"queue", queue_}, {"detail", trouble}});
    trouble_ = trouble;
}

void Ingress::run(const std::stop_token& stop) {
    try {
        Work(queue_, meaning_, ways_, [this](const std::string& what) {
            set_trouble(what);
        }).run(stop);
    } catch (const std::exception& error) {
        set_trouble(error.what());
    } catch (...) {
        set_trouble("an exception without a name");
    }
}

}  // namespace stockroom::ingress
