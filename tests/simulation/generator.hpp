#pragma once

#include <cstdint>
#include <vector>

#include "model.hpp"
#include "random.hpp"

namespace stockroom::simulation {

/// Wishes of every kind, so mixed that every outcome comes about: few SKUs and locations, little
/// stock, names that nobody has, versions that are stale, and in a huge world quantities and prices
/// at the edge of what fits.
class Generator {
  public:
    /// REQUIRES: both outlive the generator.
    Generator(Random& random, const Model& model, bool is_huge);

    /// The next command; it may be about an order that is only being placed.
    Command next();

  private:
    CommandBody body();
    CreateItem create_item();
    ChangeItem change_item();
    CreateLocation create_location();
    PutItem put_item();
    ReceiveStock receive();
    AdjustStock adjust();
    PlaceOrder place();
    FulfilOrder fulfil();
    ReturnGoods bring_back();
    CommandBody record();

    [[nodiscard]] std::vector<Sku> unsold_skus() const;
    const Sku& sku();
    const LocationCode& location();
    Quantity quantity();
    Money price();
    std::optional<Version> version_of_item(const Sku& of);
    std::optional<Version> version_of_order(const Uuid& of);
    std::optional<Version> near(Version version);
    Uuid order(std::initializer_list<OrderState> likely);
    std::vector<OrderedLine> lines_of(const Uuid& of);
    Quantity room_for(const Sku& of) const;

    Random& random_;
    const Model& model_;
    const bool is_huge_;
    std::vector<Sku> skus_;
    std::vector<LocationCode> locations_;
    std::vector<Uuid> placed_;  // of this generator, also those that the model does not know yet
    std::uint64_t made_ = 0;
};

}  // namespace stockroom::simulation
