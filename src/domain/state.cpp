#include "stockroom/domain/state.hpp"

namespace stockroom::domain {

bool is_order_transition(std::optional<OrderState> from, OrderState to) {
    using enum OrderState;
    if (!from) return to == reserved || to == confirmed || to == fulfilled || to == rejected;
    switch (*from) {
        case reserved:
            return to == confirmed || to == expired || to == cancelled;
        case confirmed:
            return to == partially_fulfilled || to == fulfilled || to == cancelled;
        case partially_fulfilled:
            return to == partially_fulfilled || to == fulfilled;
        case fulfilled:
            return to == fulfilled;
        case rejected:
        case expired:
        case cancelled:
            return false;
    }
    return false;
}

}  // namespace stockroom::domain
