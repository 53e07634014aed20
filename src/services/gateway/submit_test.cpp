#include "submit.hpp"

#include <chrono>
#include <future>
#include <string>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include "stockroom/contract/codec.hpp"
#include "stockroom/contract/json.hpp"
#include "stockroom/contract/names.hpp"

#include "scripted_bus.hpp"

namespace stockroom::gateway {
namespace {

namespace asio = boost::asio;
using domain::CommandKind;
using ports::Published;
using std::chrono::seconds;

constexpr std::string_view kItem = R"({"sku":"IB1","price":"25.00"})";

http::Request create_item(std::string_view body = kItem) {
    http::Request request;
    request.method = "POST";
    request.headers.emplace_back("content-type", "application/json");
    request.body = body;
    return request;
}

http::Request with(http::Request request, std::string name, std::string value) {
    request.headers.emplace_back(std::move(name), std::move(value));
    return request;
}

std::string created(const base::Uuid& id) {
    domain::ItemView view{.item = {.sku = *domain::Sku::parse("IB1"),
                                   .name = {},
                                   .label = {},
                                   .price = base::Money::from_minor(2500),
                                   .reorder_point = 0,
                                   .retired = false,
                                   .version = 1,
                                   .created_at = {},
                                   .updated_at = {}}};
    domain::Outcome outcome;
    outcome.code = domain::CreateItemOutcome::created;
    outcome.result = std::move(view);
    return contract::encode_outcome(id, CommandKind::create_item, outcome);
}

std::string header_of(const http::Response& response, std::string_view name) {
    for (const auto& [other, value] : response.headers)
        if (other == name) return value;
    return {};
}

std::string member_of(const http::Response& response, std::string_view name) {
    const auto body = contract::read_json(response.body);
    if (!body) return "no JSON";
    const contract::JsonValue* member = body->find(name);
    const auto* text = member == nullptr ? nullptr : member->as<std::string>();
    return text == nullptr ? "" : *text;
}

class Submit : public testing::Test {
  protected:
    explicit Submit(Submitter::Options options = {.wait = seconds(20), .in_flight_max = 2})
        : submitter_(
              context_, bus_, pool_, options,
              [this](const contract::ReadOutcome& read) { heard_.push_back(read.id); }, metrics_) {
        EXPECT_TRUE(pool_.start([this] { return std::make_unique<KnownCommandsQueries>(known_); }));
    }
    ~Submit() override {
        submitter_.close();
        pool_.stop();
    }

    using Answer = std::future<http::Response>;

    Answer send(http::Request request) {
        auto answer = asio::co_spawn(
            context_, submitter_.submit(CommandKind::create_item, std::move(request)),
            asio::use_future);
        settle();
        return answer;
    }

    /// Runs what can run now.
    void settle() { context_.poll(); }

    http::Response receive(Answer& answer) {
        const base::Deadline deadline = base::in(seconds(30));
        while (answer.wait_for(seconds(0)) != std::future_status::ready &&
               std::chrono::steady_clock::now() < deadline)
            context_.run_one_until(deadline);
        if (answer.wait_for(seconds(0)) != std::future_status::ready) {
            ADD_FAILURE() << "no answer came";
            return {};
        }
        return answer.get();
    }

    static bool is_open(const Answer& answer) {
        return answer.wait_for(seconds(0)) != std::future_status::ready;
    }

    void store_outcome(const ScriptedBus::Sent& sent) {
        const auto read = contract::decode_message(sent.bytes);
        ASSERT_TRUE(read.front());
        const base::lock_guard lock(known_.mutex);
        known_.outcomes[sent.id] = {.command = sent.id,
                                    .kind = "create_item",
                                    .fingerprint = read.front()->fingerprint,
                                    .bytes = created(sent.id),
                                    .at = {}};
    }

    asio::io_context context_{1};
    asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
    telemetry::Metrics metrics_;
    KnownCommands known_;
    std::vector<base::Uuid> heard_;  // outcomes, before their clients
    ScriptedBus bus_;
    QueryPool pool_{context_, 1, 10, metrics_};
    Submitter submitter_;
};

/// Waits end at once when nothing has been said of a command.
class SubmitWithoutWait : public Submit {
  protected:
    SubmitWithoutWait() : Submit({.wait = seconds(0), .in_flight_max = 2}) {}
};

TEST_F(Submit, PublishesTheCommandToItsService) {
    const Answer answer = send(create_item());
    ASSERT_EQ(bus_.count(), 1U);
    EXPECT_EQ(bus_.sent(0).queue, contract::kCatalogueQueue);
    const auto read = contract::decode_message(bus_.sent(0).bytes);
    ASSERT_TRUE(read.front() && read.front()->command);
    EXPECT_EQ(read.front()->id, bus_.sent(0).id);
    EXPECT_EQ(read.front()->kind, CommandKind::create_item);
    EXPECT_TRUE(is_open(answer));
    EXPECT_TRUE(submitter_.is_in_flight(bus_.sent(0).id));
}

TEST_F(Submit, PublishesNothingOfWhatIsInvalid) {
    Answer answer = send(create_item(R"({"price":"25.00"})"));
    EXPECT_EQ(receive(answer).status, 422);
    EXPECT_EQ(bus_.count(), 0U);
}

TEST_F(Submit, AnswersWithTheOutcome) {
    Answer answer = send(with(create_item(), "prefer", "wait=10"));
    bus_.reply(0, created(bus_.sent(0).id));
    EXPECT_TRUE(heard_.empty());
    const http::Response response = receive(answer);
    EXPECT_EQ(heard_, std::vector{bus_.sent(0).id});
    EXPECT_EQ(response.status, 201);
    EXPECT_EQ(header_of(response, "Location"), "/v1/items/IB1");
    EXPECT_EQ(header_of(response, "ETag"), "\"1\"");
    EXPECT_EQ(header_of(response, "Preference-Applied"), "wait=10");
    EXPECT_EQ(response.command_id, bus_.sent(0).id.to_string());
    EXPECT_EQ(member_of(response, "price"), "25.00");
    EXPECT_FALSE(submitter_.is_in_flight(bus_.sent(0).id));
}

TEST_F(Submit, SaysThatNothingWasDone) {
    const std::pair<Published, std::string> rows[] = {
        {Published::queue_full, "/problems/no_room"},
        {Published::unavailable, "/problems/unavailable"}};
    for (const auto& [published, type] : rows) {
        Answer answer = send(create_item());
        bus_.confirm(bus_.count() - 1, published);
        const http::Response response = receive(answer);
        EXPECT_EQ(response.status, 503);
        EXPECT_EQ(member_of(response, "type"), type);
        EXPECT_EQ(member_of(response, "outcome"), "none");
        EXPECT_NE(header_of(response, "Retry-After"), "");
    }
}

TEST_F(Submit, SaysThatTheOutcomeIsUnknown) {
    Answer answer = send(create_item());
    bus_.confirm(0, Published::unknown);
    const http::Response response = receive(answer);
    EXPECT_EQ(response.status, 503);
    EXPECT_EQ(member_of(response, "outcome"), "unknown");
    EXPECT_EQ(member_of(response, "command_id"), bus_.sent(0).id.to_string());
}

TEST_F(SubmitWithoutWait, SaysThatTheOutcomeIsUnknownWhenTheBusIsSilent) {
    Answer answer = send(create_item());
    const http::Response response = receive(answer);
    EXPECT_EQ(response.status, 503);
    EXPECT_EQ(member_of(response, "outcome"), "unknown");
}

TEST_F(Submit, FindsTheOutcomeOfALostReplyInTheStore) {
    Answer answer = send(with(create_item(), "prefer", "wait=0"));
    store_outcome(bus_.sent(0));
    bus_.confirm(0, Published::durable);
    EXPECT_EQ(receive(answer).status, 201);
    EXPECT_EQ(heard_, std::vector{bus_.sent(0).id});
}

TEST_F(Submit, HearsOfOutcomesThatNobodyWaitsFor) {
    Answer answer = send(with(create_item(), "prefer", "wait=0"));
    bus_.confirm(0, Published::durable);
    EXPECT_EQ(receive(answer).status, 202);
    bus_.reply(0, created(bus_.sent(0).id));
    settle();
    EXPECT_EQ(heard_, std::vector{bus_.sent(0).id});
}

TEST_F(Submit, RefusesAKeyWhoseStoredOutcomeIsOfAnotherBody) {
    const auto keyed = with(with(create_item(), "idempotency-key", "k"), "prefer", "wait=0");
    Answer first = send(keyed);
    store_outcome(bus_.sent(0));
    bus_.confirm(0, Published::durable);
    EXPECT_EQ(receive(first).status, 201);

    http::Request other = keyed;
    other.body = R"({"sku":"IB2"})";
    Answer second = send(other);
    bus_.confirm(1, Published::durable);
    const http::Response response = receive(second);
    EXPECT_EQ(response.status, 422);
    EXPECT_EQ(member_of(response, "type"), "/problems/idempotency_key_reused");
}

TEST_F(Submit, AcceptsWhatIsDurableAndNotDecided) {
    Answer answer = send(with(create_item(), "prefer", "wait=0"));
    bus_.confirm(0, Published::durable);
    const http::Response response = receive(answer);
    EXPECT_EQ(response.status, 202);
    EXPECT_EQ(header_of(response, "Location"), "/v1/commands/" + bus_.sent(0).id.to_string());
    EXPECT_EQ(header_of(response, "Preference-Applied"), "wait=0");
    EXPECT_EQ(member_of(response, "state"), "pending");
}

TEST_F(Submit, KnowsWhatItHasAcceptedUntilItIsDecided) {
    Answer answer = send(with(create_item(), "prefer", "respond-async"));
    bus_.confirm(0, Published::durable);
    EXPECT_EQ(receive(answer).status, 202);
    settle();
    EXPECT_TRUE(submitter_.is_in_flight(bus_.sent(0).id));
    bus_.reply(0, created(bus_.sent(0).id));
    settle();
    EXPECT_FALSE(submitter_.is_in_flight(bus_.sent(0).id));
}

TEST_F(Submit, HasABoundOnWhatItHasAccepted) {
    for (std::size_t sent = 0; sent < 3; ++sent) {
        Answer answer = send(with(create_item(), "prefer", "respond-async"));
        bus_.confirm(sent, Published::durable);
        EXPECT_EQ(receive(answer).status, 202);
        settle();
    }
    EXPECT_FALSE(submitter_.is_in_flight(bus_.sent(0).id));
    EXPECT_TRUE(submitter_.is_in_flight(bus_.sent(1).id));
    EXPECT_TRUE(submitter_.is_in_flight(bus_.sent(2).id));
}

TEST_F(Submit, DoesNotAcceptBeforeItIsDurable) {
    Answer answer = send(with(create_item(), "prefer", "respond-async"));
    settle();
    EXPECT_TRUE(is_open(answer));
    bus_.confirm(0, Published::durable);
    const http::Response response = receive(answer);
    EXPECT_EQ(response.status, 202);
    EXPECT_EQ(header_of(response, "Preference-Applied"), "respond-async");
}

TEST_F(Submit, PointsToTheReasonOfADeadLetter) {
    Answer answer = send(create_item());
    bus_.confirm(0, Published::dead);
    const http::Response response = receive(answer);
    EXPECT_EQ(response.status, 500);
    EXPECT_EQ(member_of(response, "type"), "/problems/dead_letter");
    EXPECT_EQ(member_of(response, "command_id"), bus_.sent(0).id.to_string());
}

TEST_F(Submit, GivesOneOutcomeToAllThatSendTheSameAtOnce) {
    const auto keyed = with(create_item(), "idempotency-key", "k");
    Answer one = send(keyed);
    Answer other = send(keyed);
    EXPECT_EQ(bus_.count(), 1U);
    bus_.reply(0, created(bus_.sent(0).id));
    EXPECT_EQ(receive(one).status, 201);
    EXPECT_EQ(receive(other).status, 201);
}

TEST_F(Submit, RefusesAnotherBodyUnderAKeyInFlight) {
    Answer one = send(with(create_item(), "idempotency-key", "k"));
    Answer other = send(with(create_item(R"({"sku":"IB2"})"), "idempotency-key", "k"));
    const http::Response response = receive(other);
    EXPECT_EQ(response.status, 422);
    EXPECT_EQ(member_of(response, "type"), "/problems/idempotency_key_reused");
    EXPECT_TRUE(is_open(one));
}

TEST_F(Submit, HasABoundOnWhatIsInFlight) {
    Answer one = send(create_item());
    Answer two = send(create_item());
    Answer three = send(create_item());
    EXPECT_EQ(member_of(receive(three), "type"), "/problems/no_room");
    EXPECT_EQ(bus_.count(), 2U);

    bus_.reply(0, created(bus_.sent(0).id));
    bus_.confirm(0, Published::durable);
    EXPECT_EQ(receive(one).status, 201);
    settle();
    const Answer four = send(create_item());
    EXPECT_EQ(bus_.count(), 3U);
}

TEST_F(Submit, EndsItsWaitsWhenItIsHurried) {
    Answer answer = send(create_item());
    bus_.confirm(0, Published::durable);
    settle();
    EXPECT_TRUE(is_open(answer));
    submitter_.hurry(std::chrono::steady_clock::now());
    EXPECT_EQ(receive(answer).status, 202);
}

TEST_F(Submit, PassesOverWhatComesAfterItsEnd) {
    Answer answer = send(create_item());
    bus_.reply(0, created(bus_.sent(0).id));
    EXPECT_EQ(receive(answer).status, 201);
    submitter_.close();
    bus_.confirm(0, Published::durable);
    bus_.reply(0, created(bus_.sent(0).id));
    EXPECT_EQ(context_.poll(), 0U);
}

}  // namespace
}  // namespace stockroom::gateway
