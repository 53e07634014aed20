#include "record_list.hpp"

#include <functional>
#include <vector>

#include <gmock/gmock.h>

namespace stockroom::records {
namespace {

using ::testing::ElementsAre;

/// So many records, in pages.
class Records {
  public:
    explicit Records(std::size_t count) : count_(count) {}

    ports::PageResult<domain::Record> operator()(const ports::PageRequest& request) {
        EXPECT_EQ(request.cursor, given_ == 0 ? "" : "more");
        limits.push_back(request.limit);
        ports::Page<domain::Record> page;
        while (given_ < count_ && page.rows.size() < request.limit) {
            page.rows.push_back({.srn = domain::Srn::parse(std::to_string(++given_)).value(),
                                 .name = "Zoë",
                                 .section = "\"A\"",
                                 .created_at = {},
                                 .updated_at = {}});
        }
        if (given_ < count_) page.next = "more";
        return page;
    }

    std::vector<std::size_t> limits;  // of the pages asked for

  private:
    const std::size_t count_;
    std::size_t given_ = 0;
};

TEST(RecordList, HasAllRecords) {
    Records none(0);
    EXPECT_EQ(list_records(std::ref(none)), "[]");
    Records two(2);
    EXPECT_EQ(list_records(std::ref(two)), R"([{"Name":"Zoë","SRN":"1","Section":"\"A\""},)"
                                           R"({"Name":"Zoë","SRN":"2","Section":"\"A\""}])");
}

TEST(RecordList, IsReadPageByPage) {
    Records many(1'001);
    const auto list = list_records(std::ref(many));
    ASSERT_TRUE(list) << list.error().detail;
    EXPECT_TRUE(list->contains(R"("SRN":"1001")"));
    EXPECT_THAT(many.limits, ElementsAre(500U, 500U, 500U));
}

TEST(RecordList, IsRefusedWhenItIsTooLongForAMessage) {
    Records many(1'001);
    const auto list = list_records(std::ref(many), 40'000);
    ASSERT_FALSE(list);
    EXPECT_EQ(list.error().kind, ports::ErrorKind::permanent);
    EXPECT_THAT(many.limits, ElementsAre(500U, 500U)) << "nobody reads what cannot be sent";
}

TEST(RecordList, TellsTheStoresTrouble) {
    const auto list = list_records([](const ports::PageRequest& /*page*/) {
        return ports::PageResult<domain::Record>(std::unexpect,
                                                 ports::Error{ports::ErrorKind::retryable, "away"});
    });
    ASSERT_FALSE(list);
    EXPECT_EQ(list.error().kind, ports::ErrorKind::retryable);
}

}  // namespace
}  // namespace stockroom::records
