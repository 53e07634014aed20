#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stockroom/ports/audit.hpp"
#include "stockroom/ports/queries.hpp"
#include "stockroom/ports/store.hpp"

#include "store_samples.hpp"

namespace stockroom::conformance {

/// A store of one adapter, empty at the start and gone with this object.
class StoreUnderTest {
  public:
    virtual ~StoreUnderTest() = default;

    // Each on a connection of its own. They hold none between the calls, so that a forked process
    // may use this object too.
    [[nodiscard]] virtual std::unique_ptr<ports::Store> make_store() = 0;
    [[nodiscard]] virtual std::unique_ptr<ports::Queries> make_queries() = 0;
    [[nodiscard]] virtual std::unique_ptr<ports::AuditSource> make_audit_source() = 0;
    /// As a process does that starts on what another has left behind.
    /// REQUIRES: what it made is destroyed.
    virtual void reopen() = 0;
};

struct StoreAdapter {
    std::string name;
    std::function<std::unique_ptr<StoreUnderTest>()> make;
    std::string missing{};  // what it needs and is not there: its tests fail, saying so
};
inline void PrintTo(const StoreAdapter& adapter, std::ostream* out) {
    *out << adapter.name;
}

/// What every adapter of the ports Store, Queries and AuditSource must do. An adapter's own test
/// instantiates it: INSTANTIATE_TEST_SUITE_P(Name, StoreSuite, testing::Values(StoreAdapter{…})).
class StoreSuite : public testing::TestWithParam<StoreAdapter> {
  protected:
    void SetUp() override {
        if (!GetParam().missing.empty()) GTEST_FAIL() << GetParam().missing;
        under_test_ = GetParam().make();
        open();
    }

    /// With nothing left from before but what is stored.
    void reopen() {
        close();
        under_test_->reopen();
        open();
    }
    void close() {
        queries_.reset();
        store_.reset();
    }
    void open() {
        store_ = under_test_->make_store();
        queries_ = under_test_->make_queries();
    }

    [[nodiscard]] StoreUnderTest& under_test() { return *under_test_; }
    [[nodiscard]] ports::Store& store() { return *store_; }
    [[nodiscard]] ports::Queries& queries() { return *queries_; }

    /// The store's clock.
    [[nodiscard]] base::Time now() { return must(store().begin({}, {}, soon()))->snapshot().now(); }

    void given_item(std::string_view text, std::string name, std::string label = "") {
        auto batch = stocked(sku(text), 0, now());
        batch.changes.items[0].name = std::move(name);
        batch.changes.items[0].label = std::move(label);
        given(store(), batch);
    }
    /// One unit of IB1, in a batch of its own, so that orders are one after the other.
    void given_order(int number, std::string customer = "") {
        auto view = reserved(id(number), {sku("IB1")}, now(), now().plus(std::chrono::hours(1)));
        view.order.customer = std::move(customer);
        given(store(), placed(view));
    }
    /// Of the first page.
    [[nodiscard]] std::vector<std::string> found_items(std::string prefix, std::string label = "",
                                                       bool low_stock = false) {
        const ports::ItemFilter filter{
            .prefix = std::move(prefix), .label = std::move(label), .low_stock = low_stock};
        std::vector<std::string> skus;
        for (const auto& view : must(queries().items(filter, {})).rows)
            skus.push_back(view.item.sku.text());
        return skus;
    }
    [[nodiscard]] std::vector<base::Uuid> found_orders(
        std::string customer, std::optional<domain::OrderState> state = std::nullopt,
        std::optional<base::Time> since = std::nullopt) {
        const ports::OrderFilter filter{
            .customer = std::move(customer), .state = state, .since = since};
        std::vector<base::Uuid> ids;
        for (const auto& view : must(queries().orders(filter, {})).rows)
            ids.push_back(view.order.id);
        return ids;
    }

  private:
    std::unique_ptr<StoreUnderTest> under_test_;
    std::unique_ptr<ports::Store> store_;
    std::unique_ptr<ports::Queries> queries_;
};

}  // namespace stockroom::conformance
