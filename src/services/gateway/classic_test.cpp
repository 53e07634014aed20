#include "classic.hpp"

#include <memory>

#include <gmock/gmock.h>

#include "stockroom/contract/codec.hpp"
#include "stockroom/contract/names.hpp"

#include "io_fixture.hpp"
#include "scripted_bus.hpp"
#include "scripted_classic_bus.hpp"

namespace stockroom::gateway {
namespace {

using domain::CommandKind;
using ports::Published;
using ::testing::HasSubstr;

constexpr std::string_view kItem = R"({"sku":"IB1","price":25.00,"quantity":50})";

http::Request request(std::string method, std::string path, std::string_view body = {}) {
    http::Request request;
    request.method = std::move(method);
    request.path = std::move(path);
    request.body = body;
    request.peer = "127.0.0.1";
    return request;
}

class ClassicTest : public IoFixture {
  protected:
    ClassicTest() {
        const auto started =
            pool_.start([this] { return std::make_unique<KnownCommandsQueries>(known_); });
        EXPECT_TRUE(started);
        classic_.add_routes(router_);
    }
    ~ClassicTest() override {
        submitter_.close();
        pool_.stop();
    }

    std::future<http::Response> send(http::Request request) {
        auto found = router_.match(request);
        const auto* match = std::get_if<http::Router::Match>(&found);
        if (match == nullptr) throw std::runtime_error("no such route");
        return spawn((*match->handler)(std::move(request)));
    }
    /// The command that was published.
    domain::Command sent(std::size_t index) {
        return contract::decode_message(bus_.sent(index).bytes).front().value().command.value();
    }
    void decide(std::size_t index, domain::OutcomeCode code) {
        domain::Outcome outcome;
        outcome.code = code;
        bus_.confirm(index, Published::durable);
        bus_.reply(index,
                   contract::encode_outcome(bus_.sent(index).id, sent(index).kind(), outcome));
    }

    KnownCommands known_;
    ScriptedBus bus_;
    ScriptedClassicBus classic_bus_;
    QueryPool pool_{context_, 1, 10, metrics_};
    Submitter submitter_{context_,
                         bus_,
                         pool_,
                         {.wait = std::chrono::seconds(30)},
                         [](const contract::ReadOutcome&) {},
                         metrics_};
    Questions questions_{context_, classic_bus_, std::chrono::seconds(30)};
    Classic classic_{submitter_, questions_, {http::Network::parse("198.51.100.0/24").value()}};
    http::Router router_;
};

TEST_F(ClassicTest, AnswersThisMachineAndGivenNetworksOnly) {
    for (const auto* peer : {"127.0.0.1", "127.9.9.9", "::1", "198.51.100.7"}) {
        auto call = request("GET", "/get_active");
        call.peer = peer;
        EXPECT_EQ(receive(send(std::move(call))).body,
                  R"({"server_name":"Producer","status":"active"})")
            << peer;
    }
    for (const auto* peer : {"198.51.101.7", "203.0.113.1", "2001:db8::1", ""}) {
        for (auto call : {request("GET", "/get_active"), request("GET", "/order_processing"),
                          request("POST", "/create_item", kItem)}) {
            call.peer = peer;
            const auto response = receive(send(std::move(call)));
            EXPECT_EQ(response.status, 403) << peer;
            EXPECT_THAT(response.body, HasSubstr("--classic-from"));
        }
    }
    EXPECT_EQ(bus_.count() + classic_bus_.count(), 0U);
}

TEST_F(ClassicTest, BelievesNoHeaderThatNamesAnotherCaller) {
    for (const auto* header : {"x-forwarded-for", "x-real-ip", "forwarded"}) {
        auto forged = request("POST", "/create_item", kItem);
        forged.peer = "203.0.113.1";
        forged.headers.emplace_back(header, "127.0.0.1");
        EXPECT_EQ(receive(send(std::move(forged))).status, 403) << header;
    }
    EXPECT_EQ(bus_.count(), 0U);
}

/// What a browser says of the page that makes it send something.
struct Said {
    std::string_view site;    // Sec-Fetch-Site
    std::string_view origin;  // Origin
    bool is_answered;
};

TEST_F(ClassicTest, AnswersNoPageOfAnotherSite) {
    for (const Said& said : {
             Said{"", "", true},  // a program
             Said{"none", "", true},
             Said{"same-origin", "", true},
             Said{"same-origin", "https://behind.a.proxy", true},
             Said{"", "http://127.0.0.1:8080", true},
             Said{"", "http://127.0.0.1:8081", false},
             Said{"", "http://127.0.0.1:8080.example", false},
             Said{"", "https://example.com", false},
             Said{"", "null", false},
             Said{"", "127.0.0.1:8080", false},
             Said{"same-site", "", false},
             Said{"same-site", "http://127.0.0.1:8080", false},
             Said{"cross-site", "", false},
             Said{"cross-site", "http://127.0.0.1:8080", false},
         }) {
        for (auto call : {request("GET", "/get_active"), request("POST", "/create_item", "{}"),
                          request("GET", "/delete_record")}) {
            const int status = call.path == "/get_active" ? 200 : 400;
            call.headers.emplace_back("host", "127.0.0.1:8080");
            if (!said.site.empty()) call.headers.emplace_back("sec-fetch-site", said.site);
            if (!said.origin.empty()) call.headers.emplace_back("origin", said.origin);
            const auto response = receive(send(std::move(call)));
            EXPECT_EQ(response.status, said.is_answered ? status : 403)
                << said.site << ' ' << said.origin;
        }
    }
    EXPECT_EQ(bus_.count(), 0U);
}

TEST_F(ClassicTest, WhatOnlyLooksDeletesNothing) {
    auto looking = request("HEAD", "/delete_record");
    looking.query = {{"SRN", "1BI"}};
    auto refusing = send(std::move(looking));
    ASSERT_EQ(bus_.count(), 0U);
    const auto response = receive(std::move(refusing));
    EXPECT_EQ(response.status, 405);
    EXPECT_EQ(header_of(response, "Allow"), "GET, OPTIONS");
    EXPECT_EQ(receive(send(request("HEAD", "/get_active"))).status, 200);
}

TEST_F(ClassicTest, SaysSentWhateverTheRulesSay) {
    auto created = send(request("POST", "/create_item", kItem));
    EXPECT_EQ(sent(0).kind(), CommandKind::put_item);
    EXPECT_EQ(bus_.sent(0).queue, contract::kCatalogueQueue);
    decide(0, domain::PutItemOutcome::created);
    EXPECT_EQ(receive(std::move(created)).body, R"({"message":"Create item message sent"})");

    auto refused = send(request("POST", "/create_item", kItem));
    decide(1, domain::PutItemOutcome::insufficient_stock);
    const auto response = receive(std::move(refused));
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, R"({"message":"Create item message sent"})");
    EXPECT_EQ(response.command_id, bus_.sent(1).id.to_string());

    auto unknown = send(request("POST", "/stock_management", R"({"sku":"IB2"})"));
    EXPECT_EQ(sent(2).kind(), CommandKind::retire_item);
    decide(2, domain::RetireItemOutcome::item_not_found);
    EXPECT_EQ(receive(std::move(unknown)).status, 200);
}

TEST_F(ClassicTest, SaysWhenNothingWasSent) {
    auto away = send(request("POST", "/create_item", kItem));
    bus_.confirm(0, Published::unavailable);
    const auto response = receive(std::move(away));
    EXPECT_EQ(response.status, 503);
    EXPECT_THAT(response.body, HasSubstr(R"({"message":"Commands cannot be taken now.)"));
    EXPECT_EQ(header_of(response, "Retry-After"), "1");

    const auto malformed = receive(send(request("POST", "/create_item", "{}")));
    EXPECT_EQ(malformed.status, 400);
    EXPECT_EQ(malformed.body, R"({"message":"sku: is required"})");
    auto encoded = request("POST", "/create_item", kItem);
    encoded.headers.emplace_back("content-encoding", "gzip");
    EXPECT_EQ(receive(send(std::move(encoded))).status, 400);
    auto keyed = request("POST", "/create_item", kItem);
    keyed.headers.emplace_back("idempotency-key", "two words");
    EXPECT_EQ(receive(send(std::move(keyed))).status, 400);
    EXPECT_EQ(bus_.count(), 1U);
}

TEST_F(ClassicTest, APurchaseIsToldAsAnOrder) {
    auto buying = send(request("POST", "/buy_now", R"({"sku":"IB1","customer":"c"})"));
    const auto wish = std::get<domain::PlaceOrder>(sent(0).body);
    EXPECT_EQ(wish.customer, "c");
    EXPECT_TRUE(wish.confirm && wish.fulfil);
    EXPECT_EQ(wish.lines.at(0).quantity, 1);
    decide(0, domain::PlaceOrderOutcome::rejected);
    const auto response = receive(std::move(buying));
    EXPECT_EQ(response.status, 409);
    EXPECT_THAT(response.body, HasSubstr("/problems/rejected"));
}

TEST_F(ClassicTest, AsksTheHealthService) {
    auto asking = send(request("GET", "/healthcheck"));
    EXPECT_EQ(classic_bus_.asked(0).queue, "healthcheck");
    EXPECT_EQ(classic_bus_.asked(0).bytes, R"(["message","Healthcheck"])");
    classic_bus_.answer(0, R"({"message":"Health check message sent"})");
    EXPECT_EQ(receive(std::move(asking)).body, R"({"message":"Health check message sent"})");

    auto with_text = request("GET", "/health_check");
    with_text.query = {{"message", "any text"}};
    auto telling = send(std::move(with_text));
    EXPECT_EQ(classic_bus_.asked(1).bytes, "any text");
    classic_bus_.refuse(1, "nobody is there");
    const auto response = receive(std::move(telling));
    EXPECT_EQ(response.status, 503);
    EXPECT_EQ(response.body,
              R"({"message":"The health service does not answer: nobody is there"})");
    EXPECT_EQ(receive(send(request("GET", "/health_check"))).status, 400);
}

TEST_F(ClassicTest, AShortListIsWholeAndALongOneComesInParts) {
    auto asking = send(request("GET", "/order_processing"));
    classic_bus_.answer(0, R"([{"sku":"IB1"}])");
    const auto whole = receive(std::move(asking));
    EXPECT_EQ(whole.body, R"([{"sku":"IB1"}])");
    EXPECT_FALSE(whole.stream);

    asking = send(request("GET", "/order_processing"));
    const std::string list(3UL * 1024 * 1024, 'x');
    classic_bus_.answer(1, list);
    const auto parts = receive(std::move(asking));
    EXPECT_TRUE(parts.body.empty());
    ASSERT_TRUE(parts.stream);

    struct Sink final : http::Stream {
        boost::asio::awaitable<bool> write(std::string_view bytes) override {
            written.append(bytes);
            co_return true;
        }
        boost::asio::awaitable<bool> wait_until(base::Deadline /*deadline*/) override {
            co_return true;
        }
        void wake() override {}
        std::string written;
    } sink;
    auto writing = boost::asio::co_spawn(context_, parts.stream(sink), boost::asio::use_future);
    ASSERT_TRUE(run_until([&] { return is_ready(writing); }));
    EXPECT_TRUE(sink.written == list);
}

}  // namespace
}  // namespace stockroom::gateway
