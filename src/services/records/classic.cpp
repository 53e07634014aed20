#include "stockroom/records/classic.hpp"

#include <utility>
#include <variant>

#include <fmt/format.h>

#include "stockroom/base/check.hpp"
#include "stockroom/contract/classic.hpp"
#include "stockroom/contract/classic_records.hpp"

namespace stockroom::records {

namespace {

/// RabbitMQ takes twice as much in one message.
constexpr std::size_t kAnswerBytesMax = std::size_t{64} * 1024 * 1024;

/// A message as a wish, or why it is none.
template <typename Read>
ingress::Translate translate_by(Read read) {
    return [read](std::string_view bytes) -> std::expected<domain::CommandBody, std::string> {
        auto body = read(bytes);
        if (body) return *std::move(body);
        const contract::Invalid& problem = body.error();
        if (problem.field.empty()) return std::unexpected(problem.detail);
        return std::unexpected(problem.field + " " + problem.detail);
    };
}

}  // namespace

std::expected<std::string, ports::Error> read_all_records(ports::Queries& queries) {
    contract::ClassicRecords all;
    ports::PageRequest request{.cursor = "", .limit = ports::kMaxPageSize};
    do {
        auto page = queries.records(request);
        if (!page) {
            auto* error = std::get_if<ports::Error>(&page.error());
            CHECK(error != nullptr, "a page gives a cursor that can be used");
            return std::unexpected(std::move(*error));
        }
        all.add(page->rows);
        if (all.bytes() > kAnswerBytesMax)
            return std::unexpected(ports::Error{
                ports::ErrorKind::permanent,
                fmt::format("the records are more than {} bytes, too many for one message; read "
                            "them page by page by GET /v1/records",
                            kAnswerBytesMax)});
        request.cursor = std::move(page->next);
    } while (!request.cursor.empty());
    return all.finish();
}

ClassicRecords::ClassicRecords(ingress::Ingress::Ways ways, std::unique_ptr<ports::Queries> queries)
    : queries_(std::move(queries)),
      insertions_(contract::kClassicInsertRecord, translate_by(contract::read_classic_insertion),
                  ways),
      removals_(contract::kClassicDeleteRecord, translate_by(contract::read_classic_removal), ways),
      questions_(contract::kClassicReadDatabase,
                 ingress::Answer([all = queries_.get()] { return read_all_records(*all); }), ways) {
}

void ClassicRecords::start() {
    insertions_.start();
    removals_.start();
    questions_.start();
}

void ClassicRecords::stop() {
    for (ingress::Ingress* each : {&insertions_, &removals_, &questions_})
        each->request_stop();
    for (ingress::Ingress* each : {&insertions_, &removals_, &questions_})
        each->stop();
}

std::string ClassicRecords::trouble() const {
    for (const ingress::Ingress* each : {&insertions_, &removals_, &questions_})
        if (std::string trouble = each->trouble(); !trouble.empty()) return trouble;
    return {};
}

}  // namespace stockroom::records
