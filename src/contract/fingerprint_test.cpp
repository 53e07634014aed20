#include <algorithm>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "testing/samples.hpp"

namespace stockroom::contract {
namespace {

using enum domain::CommandKind;

struct Golden {
    domain::CommandKind kind;
    std::string_view body;
    std::string_view fingerprint;  // BLAKE2b-128 of the kind, a line feed and the canonical body
};

// Stores hold these of every command that was ever decided. A retry that comes after an upgrade is
// the same command only while its fingerprint is the same, so no row here may change. When one
// fails, mend the codec: a member that is new is left out where it has its default, a default stays
// what it is, and members keep their order. What a new member is for gets rows of its own, and so
// does a new kind: in full, with what it must have, and with the defaults spelled out.
constexpr Golden kGolden[] = {
    // clang-format off
    {create_item, R"({"sku":"IB1","name":"Apple juice, 1 l","label":"juice","price":"25.00","reorder_point":10,"opening":[{"location":"main","quantity":50},{"location":"north","quantity":7}]})",
     "e2e31ec000cd62fe4904f77d73879c5f"},
    {create_item, R"({"sku":"IB1"})",
     "174682ea364364e3214f2909c94c8b7d"},
    {create_item, R"({"sku":"IB1","name":"","label":"","price":"0.00","reorder_point":0,"opening":[]})",
     "174682ea364364e3214f2909c94c8b7d"},
    {change_item, R"({"sku":"a/b c","name":"","label":"é","price":"0.00","reorder_point":0,"expected_version":3})",
     "44afcf891ae0fca1d7a1f38b32cc239e"},
    {change_item, R"({"sku":"IB1"})",
     "dfbaaa1c8b4ff9a9a6b4474a02d3332c"},
    {retire_item, R"({"sku":"IB1","expected_version":9007199254740991})",
     "c0b1ac3ed9382196badd18a23b0f7865"},
    {retire_item, R"({"sku":"IB1"})",
     "d5ae8c9ffe0141903a7dc907804f6a65"},
    {create_location, R"({"code":"north","name":"North","priority":2})",
     "049db3335713aaaece58fcd6200c66f7"},
    {create_location, R"({"code":"north"})",
     "dd443e62f4890d9c78a6219821b48e38"},
    {create_location, R"({"code":"north","name":"","priority":100})",
     "dd443e62f4890d9c78a6219821b48e38"},
    {receive_stock, R"({"sku":"IB1","location":"north","quantity":9007199254740991,"reason":"delivery","reference":"D-17"})",
     "53bd8ae3c2a22c0d5ccf66a2ddc7789a"},
    {receive_stock, R"({"sku":"IB1","quantity":1})",
     "748cab231fddb3ab12e837c2a266c675"},
    {receive_stock, R"({"sku":"IB1","location":"main","quantity":1,"reason":"","reference":""})",
     "748cab231fddb3ab12e837c2a266c675"},
    {adjust_stock, R"({"sku":"IB1","location":"north","quantity":-5,"reason":"broken","reference":"B-1"})",
     "3a7d63617fa6183345fab17f0ebb73e8"},
    {adjust_stock, R"({"sku":"IB1","quantity":-1})",
     "6bbfd0c045c7e1812bbb5d3ee0b7e517"},
    {adjust_stock, R"({"sku":"IB1","location":"main","quantity":-1,"reason":"","reference":""})",
     "6bbfd0c045c7e1812bbb5d3ee0b7e517"},
    {place_order, R"({"customer":"c-17","lines":[{"sku":"IB1","quantity":2},{"sku":"IB2","quantity":3},{"sku":"IB1","quantity":1}],"confirm":true,"fulfil":true,"reference":"web 1001","expires_in":60})",
     "0992bf7a226781c5a0b386ea02f9c9cd"},
    {place_order, R"({"lines":[{"sku":"IB1","quantity":1}]})",
     "770aaa09ecb9a1d5ea54c66dc38d0e17"},
    {place_order, R"({"customer":"","lines":[{"sku":"IB1","quantity":1}],"confirm":false,"fulfil":false,"reference":"","expires_in":900})",
     "770aaa09ecb9a1d5ea54c66dc38d0e17"},
    {confirm_order, R"({"order":"01938a1e-4c00-7000-8000-000000000001","expected_version":1})",
     "7b830ccfb0b4195ef69f12f569b9fdaf"},
    {confirm_order, R"({"order":"01938a1e-4c00-7000-8000-000000000001"})",
     "8d798fda3673ed45e313a9fba193009c"},
    {fulfil_order, R"({"order":"01938a1e-4c00-7000-8000-000000000001","lines":[{"sku":"IB1","quantity":2}],"expected_version":2})",
     "6ef3da32cbef396e9047e7c5302cb91e"},
    {fulfil_order, R"({"order":"01938a1e-4c00-7000-8000-000000000001"})",
     "1d28f3cb993fff5fe724a176e9c5e1f9"},
    {cancel_order, R"({"order":"01938a1e-4c00-7000-8000-000000000001","reason":"changed their mind","expected_version":2})",
     "041296b37bdf406f280f222862a6c50c"},
    {cancel_order, R"({"order":"01938a1e-4c00-7000-8000-000000000001"})",
     "664bd7709e1fb6ce2531292aea8aa0c3"},
    {cancel_order, R"({"order":"01938a1e-4c00-7000-8000-000000000001","reason":""})",
     "664bd7709e1fb6ce2531292aea8aa0c3"},
    {close_order, R"({"order":"01938a1e-4c00-7000-8000-000000000001","expected_version":1})",
     "f3d9f5b08ac4a4a876d6478e7c686f2f"},
    {close_order, R"({"order":"01938a1e-4c00-7000-8000-000000000001"})",
     "e802bf00a53259cdb4a39e7e3c6cc30a"},
    {return_goods, R"({"order":"01938a1e-4c00-7000-8000-000000000001","lines":[{"sku":"IB1","quantity":2}],"location":"north","reason":"too sweet","expected_version":2})",
     "792b4419d88091c9315fc34ca94c7a51"},
    {return_goods, R"({"order":"01938a1e-4c00-7000-8000-000000000001","lines":[{"sku":"IB1","quantity":1}]})",
     "c76734e01dccfff00bc7acdc290b9eb5"},
    {return_goods, R"({"order":"01938a1e-4c00-7000-8000-000000000001","lines":[{"sku":"IB1","quantity":1}],"location":"main","reason":""})",
     "c76734e01dccfff00bc7acdc290b9eb5"},
    {expire_order, R"({"order":"01938a1e-4c00-7000-8000-000000000001"})",
     "a8d2dcfbf04f17055b489556a17b6d4d"},
    {insert_record, R"({"srn":"PES 1/2","name":"Zoë","section":"A"})",
     "27d23728aa8ae4ce8a9307b57074b8a2"},
    {insert_record, R"({"srn":"PES 1/2"})",
     "0753b9ba891f688a78c6475e80668614"},
    {insert_record, R"({"srn":"PES 1/2","name":"","section":""})",
     "0753b9ba891f688a78c6475e80668614"},
    {delete_record, R"({"srn":"PES 1/2"})",
     "c1e273381a83df41182d3b6d8ed9c75e"},
    {replay_dead_letter, R"({"id":"01938a1e-4c00-7000-8000-000000000001","reason":"the bug is mended"})",
     "192bb48eec2322130cb749896265db94"},
    {replay_dead_letter, R"({"id":"01938a1e-4c00-7000-8000-000000000001"})",
     "f9b875e206d7ab1c7beaeb82d3966cc7"},
    {replay_dead_letter, R"({"id":"01938a1e-4c00-7000-8000-000000000001","reason":""})",
     "f9b875e206d7ab1c7beaeb82d3966cc7"},
    {discard_dead_letter, R"({"id":"01938a1e-4c00-7000-8000-000000000001","reason":"the bug is mended"})",
     "0dbf56a804ca98ac249063465a92bfcf"},
    {discard_dead_letter, R"({"id":"01938a1e-4c00-7000-8000-000000000001","reason":"no use"})",
     "bd1b06d687103d25786e037cffd8d1fb"},
    {put_item, R"({"sku":"IB1","name":"Apple juice, 1 l","label":"juice","price":"25.00","quantity":50})",
     "b286f2c01ed15a3c1f3069ab7a72e2a3"},
    {put_item, R"({"sku":"IB1","price":"1.00","quantity":1})",
     "5751ff594a6ad187d7c719b4c81f78fe"},
    {put_item, R"({"sku":"IB1","name":"","label":"","price":"1.00","quantity":1})",
     "5751ff594a6ad187d7c719b4c81f78fe"},
    {ping, R"({})",
     "ecc60ff7310155ed49c0aa7aa64c9ae9"},
    // clang-format on
};

std::string hex(const base::Fingerprint& fingerprint) {
    std::string text;
    for (const std::uint8_t byte : fingerprint)
        text += fmt::format("{:02x}", byte);
    return text;
}

TEST(Fingerprint, IsWhatItWasInEveryEarlierVersion) {
    for (const auto& [kind, body, fingerprint] : kGolden) {
        const auto read = decode_message(testing::command_text(kind, body));
        ASSERT_TRUE(read[0] && read[0]->command) << to_string(kind) << body;
        EXPECT_EQ(hex(read[0]->fingerprint), fingerprint) << to_string(kind) << body;
    }
}

TEST(Fingerprint, IsKnownOfEveryKindAndMember) {
    for (const auto kind : testing::kAllKinds) {
        const auto is_full = [kind](const Golden& row) {
            return row.kind == kind && row.body == testing::full_body(kind);
        };
        EXPECT_TRUE(std::ranges::any_of(kGolden, is_full)) << to_string(kind);
    }
}

TEST(Fingerprint, OfABodyThatIsInvalidIsOfItsText) {
    const auto read = decode_message(testing::command_text(create_item, R"({ "sku" : "" })"));
    EXPECT_FALSE(read[0]->command);
    EXPECT_EQ(hex(read[0]->fingerprint), "ef45d11dcb3b2b4d4ab71fb993914c33");
}

}  // namespace
}  // namespace stockroom::contract
