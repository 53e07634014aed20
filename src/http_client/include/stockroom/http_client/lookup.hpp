#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>

#include "stockroom/base/time.hpp"
#include "stockroom/http_client/url.hpp"

namespace stockroom::http_client {

using Endpoints = std::vector<boost::asio::ip::tcp::endpoint>;

/// Finds one host's addresses again and again, each time on a thread of its own, one at a time: a
/// lookup cannot be cut off, and those that asio makes wait for each other. Of the thread that runs
/// the context.
class Lookup {
  public:
    using Found = std::expected<Endpoints, boost::system::error_code>;
    /// May block. Called on any thread, also after the lookup's end.
    using Resolve = std::function<Found(const std::string& host, std::uint16_t port)>;

    /// As the system's resolver knows them.
    static Found ask_system(const std::string& host, std::uint16_t port);

    /// REQUIRES: the context outlives it.
    Lookup(boost::asio::io_context& context, const ServerUrl& url, Resolve resolve = ask_system);
    /// Waits for no lookup.
    ~Lookup();
    Lookup(const Lookup&) = delete;
    Lookup& operator=(const Lookup&) = delete;

    /// When it takes more than half of the time, or nobody can say, those that were found last
    /// serve. Errors: operation_aborted: not in time; else why there are none.
    boost::asio::awaitable<Found> find(base::Deadline deadline);

  private:
    struct Shared;

    void begin();
    void note(const Found& found);

    boost::asio::io_context& context_;
    const std::string host_;
    const std::uint16_t port_;
    const Resolve resolve_;
    Endpoints last_;
    const std::shared_ptr<Shared> shared_;  // with the thread that looks them up
};

}  // namespace stockroom::http_client
