#include "input.hpp"

#include <functional>

namespace stockroom::http {

boost::system::error_code Input::receive(Socket& socket) {
    boost::system::error_code error;
    const std::size_t count =
        socket.read_some(boost::asio::buffer(scratch_.data(), scratch_.size()), error);
    if (error) return error;
    if (bytes_.empty()) {
        bytes_ = {scratch_.data(), count};
    } else {
        kept_.erase(0, kept_.size() - bytes_.size());
        kept_.append(scratch_.data(), count);
        bytes_ = kept_;
    }
    return {};
}

void Input::keep() {
    const std::less<> before;
    const bool in_scratch = !before(bytes_.data(), scratch_.data()) &&
                            before(bytes_.data(), scratch_.data() + scratch_.size());
    if (bytes_.empty()) {
        if (kept_.capacity() > std::string().capacity()) std::string().swap(kept_);
        bytes_ = {};
    } else if (in_scratch) {
        kept_.assign(bytes_);
        bytes_ = kept_;
    }
}

}  // namespace stockroom::http
