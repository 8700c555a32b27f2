// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/contacts/query.h"

#include <gtest/gtest.h>

#include "groupware/contacts/card_data.h"

namespace kontor::groupware {
namespace {

using How = CardText::How;

vcard::Component card_of(std::string_view lines) {
  std::string text = "BEGIN:VCARD\r\nVERSION:3.0\r\n" + std::string(lines) + "END:VCARD\r\n";
  return vcard::read(text).value().cards.front();
}

const vcard::Component& bruce() {
  static const vcard::Component card = card_of(
      "UID:bruce\r\nFN:Bruce M\xc3\xbcller\\, Jr.\r\nN:M\xc3\xbcller;Bruce;;;\r\nNICKNAME:me\r\n"
      "EMAIL;TYPE=HOME,pref:bruce@home.example\r\nEMAIL;TYPE=WORK:BRUCE@work.example\r\n"
      "item1.TEL:+1 555 1\r\nitem1.X-ABLabel:boat\r\nitem2.TEL:+1 555 2\r\n"
      "X-STREET:Hauptstra\xc3\x9f"
      "e\r\nPHOTO;ENCODING=b;TYPE=JPEG:/9j/4P/Z\r\n");
  return card;
}

CardText text(std::string wanted, How how = How::contains) { return {.text = std::move(wanted), .how = how}; }
CardText negated(std::string wanted) { return {.text = std::move(wanted), .is_negated = true}; }
CardText in(Collation collation, std::string wanted, How how = How::contains) {
  return {.text = std::move(wanted), .how = how, .collation = collation};
}

struct PropertyCase {
  const char* why;
  CardProperty wanted;
  bool expected;
};

TEST(CardMatcher, Properties) {
  const PropertyCase cases[] = {
      {"it is there", {.name = "NICKNAME"}, true},
      {"names in any case", {.name = "nickname"}, true},
      {"it is not", {.name = "NOTE"}, false},
      {"not defined, but it is", {.name = "NICKNAME", .is_absent = true}, false},
      {"not defined, rightly", {.name = "NOTE", .is_absent = true}, true},
      {"a part of it, in any case", {.name = "FN", .texts = {text("RUCE m\xc3\x9cL")}}, true},
      {"as text, not as it is escaped", {.name = "FN", .texts = {text("ller, Jr")}}, true},
      {"the backslash is no text", {.name = "FN", .texts = {text("ller\\, Jr")}}, false},
      {"all of it", {.name = "NICKNAME", .texts = {text("ME", How::equals)}}, true},
      {"not all of it", {.name = "FN", .texts = {text("bruce", How::equals)}}, false},
      {"its beginning", {.name = "FN", .texts = {text("bruce", How::starts_with)}}, true},
      {"not its beginning", {.name = "FN", .texts = {text("jr.", How::starts_with)}}, false},
      {"its end", {.name = "FN", .texts = {text("JR.", How::ends_with)}}, true},
      {"the empty text is in every one", {.name = "FN", .texts = {text("")}}, true},
      {"but not in one that is not there", {.name = "NOTE", .texts = {text("")}}, false},
      {"longer than the value", {.name = "NICKNAME", .texts = {text(std::string(5000, 'm'))}}, false},
      {"case of ASCII alone", {.name = "FN", .texts = {in(Collation::ascii_casemap, "M\xc3\x9cLLER")}}, false},
      {"case of ASCII", {.name = "FN", .texts = {in(Collation::ascii_casemap, "M\xc3\xbcLLER")}}, true},
      {"octets", {.name = "FN", .texts = {in(Collation::octet, "bruce")}}, false},
      {"octets as they are", {.name = "FN", .texts = {in(Collation::octet, "Bruce")}}, true},
      {"one text is enough", {.name = "FN", .texts = {text("nobody"), text("bruce")}}, true},
      {"all texts", {.name = "FN", .needs_all = true, .texts = {text("nobody"), text("bruce")}}, false},
      {"some mail address is not at home", {.name = "EMAIL", .texts = {negated("@home")}}, true},
      {"no nickname is other than me", {.name = "NICKNAME", .texts = {negated("me")}}, false},
      {"negated, but not there", {.name = "NOTE", .texts = {negated("me")}}, false},
      {"with any group", {.name = "TEL", .texts = {text("555 1")}}, true},
      {"with this group", {.group = "ITEM1", .name = "TEL", .texts = {text("555 1")}}, true},
      {"with this group, not with that", {.group = "item1", .name = "TEL", .texts = {text("555 2")}}, false},
      {"there is no such group", {.group = "item9", .name = "TEL", .is_absent = true}, true},
      {"a parameter is there", {.name = "EMAIL", .parameters = {{.name = "TYPE"}}}, true},
      {"a parameter is there on none", {.name = "FN", .parameters = {{.name = "TYPE"}}}, false},
      {"a parameter is not there", {.name = "FN", .parameters = {{.name = "TYPE", .is_absent = true}}}, true},
      {"a parameter is not there, but it is",
       {.name = "EMAIL", .parameters = {{.name = "TYPE", .is_absent = true}}},
       false},
      {"one of a parameter's values",
       {.name = "EMAIL", .parameters = {{.name = "type", .text = text("PREF", How::equals)}}},
       true},
      {"none of them", {.name = "EMAIL", .parameters = {{.name = "TYPE", .text = text("fax")}}}, false},
      {"text and parameter of the same property",
       {.name = "EMAIL",
        .needs_all = true,
        .texts = {text("@work")},
        .parameters = {{.name = "TYPE", .text = text("work")}}},
       true},
      {"text and parameter of two",
       {.name = "EMAIL",
        .needs_all = true,
        .texts = {text("@work")},
        .parameters = {{.name = "TYPE", .text = text("home")}}},
       false},
      {"text or parameter",
       {.name = "EMAIL", .texts = {text("nowhere")}, .parameters = {{.name = "TYPE", .text = text("home")}}},
       true},
      {"in the version", {.name = "VERSION", .texts = {text("3.0")}}, true},
      {"in a photo", {.name = "PHOTO", .texts = {text("/9j/")}}, true},
  };
  for (const PropertyCase& c : cases) {
    const CardMatcher matcher = CardMatcher::make({.properties = {c.wanted}}).value();
    EXPECT_EQ(matcher.matches(bruce()), c.expected) << c.why;
    if (c.expected) EXPECT_TRUE(matcher.may_match(card_text(bruce()))) << c.why;
  }
}

TEST(CardMatcher, SeveralProperties) {
  const CardProperty right{.name = "FN", .texts = {text("bruce")}};
  const CardProperty wrong{.name = "FN", .texts = {text("clark")}};
  const auto found = [](bool needs_all, std::vector<CardProperty> properties) {
    const CardMatcher matcher = CardMatcher::make({needs_all, std::move(properties)}).value();
    const bool matches = matcher.matches(bruce());
    EXPECT_EQ(matches, matcher.may_match(card_text(bruce()))) << "here the text alone tells";
    return matches;
  };
  EXPECT_TRUE(found(false, {}));
  EXPECT_TRUE(found(true, {}));
  EXPECT_TRUE(found(false, {wrong, right}));
  EXPECT_FALSE(found(true, {wrong, right}));
  EXPECT_TRUE(found(true, {right, right}));
  EXPECT_FALSE(found(false, {wrong, wrong}));
}

TEST(CardMatcher, IsBounded) {
  CardQuery query;
  query.properties.assign(CardMatcher::kMostConditions + 1, {.name = "FN"});
  EXPECT_EQ(CardMatcher::make(query).error().code, Errc::too_large);
  query.properties = {{.name = "FN", .texts = {text(std::string(CardMatcher::kMostText + 1, 'x'))}}};
  EXPECT_EQ(CardMatcher::make(query).error().code, Errc::too_large);
}

constexpr std::string_view kStored =
    "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:1\r\nFN:A  B\r\nN:B;A;;;\r\nitem1.TEL;TYPE=work,pref:1\r\nTEL:2\r\nX-Own:\\x\r\n"
    "END:VCARD\r\n";

TEST(RenderCard, AsItIs) {
  const std::string odd = "begin:vcard\nversion:3.0\nfn:x\nn:;;;;\nend:vcard\n";
  EXPECT_EQ(render_card(kStored, {}), kStored);
  EXPECT_EQ(render_card(kStored, {.version = vcard::Version::v3}), kStored);
  EXPECT_EQ(render_card(odd, {.version = vcard::Version::v3}), odd) << "also what is written otherwise";
  EXPECT_EQ(render_card("rubbish", {.version = vcard::Version::v4}), "rubbish");
}

TEST(RenderCard, InTheOtherVersion) {
  const std::string v4 = render_card(kStored, {.version = vcard::Version::v4});
  EXPECT_NE(v4.find("VERSION:4.0\r\n"), std::string::npos);
  EXPECT_NE(v4.find("item1.TEL;TYPE=work;PREF=1:1\r\n"), std::string::npos) << v4;
  const std::string back = render_card(v4, {.version = vcard::Version::v3});
  EXPECT_NE(back.find("item1.TEL;TYPE=work,pref:1\r\n"), std::string::npos) << back;
}

TEST(RenderCard, Parts) {
  const auto part = [](std::vector<CardSelection::Property> only, std::optional<vcard::Version> version = {}) {
    return render_card(kStored, {.version = version, .only = std::move(only)});
  };
  EXPECT_EQ(part({}), "BEGIN:VCARD\r\nVERSION:3.0\r\nEND:VCARD\r\n");
  EXPECT_EQ(part({{.name = "fn"}, {.name = "UID", .is_without_value = true}}),
            "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:\r\nFN:A  B\r\nEND:VCARD\r\n");
  EXPECT_EQ(part({{.name = "TEL"}}),
            "BEGIN:VCARD\r\nVERSION:3.0\r\nitem1.TEL;TYPE=work,pref:1\r\nTEL:2\r\nEND:VCARD\r\n");
  EXPECT_EQ(part({{.group = "ITEM1", .name = "TEL"}}, vcard::Version::v4),
            "BEGIN:VCARD\r\nVERSION:4.0\r\nitem1.TEL;TYPE=work;PREF=1:1\r\nEND:VCARD\r\n");
}

}  // namespace
}  // namespace kontor::groupware
