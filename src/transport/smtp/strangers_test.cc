// SPDX-License-Identifier: AGPL-3.0-or-later
// Greylisting and block lists.
#include <gtest/gtest.h>

#include <mutex>

#include "store/memory.h"
#include "transport/auth/zone_resolver.h"
#include "transport/receiving/partition.h"
#include "transport/receiving/receiving_check.h"
#include "transport/smtp/block_list.h"
#include "transport/smtp/greylist.h"

namespace kontor::transport {
namespace {

using namespace std::chrono_literals;

class GreylistTest : public testing::Test {
 protected:
  bool passes(const char* origin = "192.0.2.0/24", const char* sender = "a@b.example") {
    return list.passes(origin, sender, "ada@example.org").value();
  }
  std::size_t records() {
    std::size_t count = 0;
    EXPECT_TRUE(engine->snapshot(kReceivingPartition).value()->scan("", "", [&](store::Key, store::Value) {
      ++count;
      return true;
    }));
    return count;
  }

  FakeClock clock{Instant(1'700'000'000s)};
  std::unique_ptr<store::Engine> engine = store::open_memory();
  Greylist list{*engine, clock, {.delay = 60s, .window = 1h, .memory = 240h, .known_after = 2}};
};

TEST_F(GreylistTest, WhoComesAgainIsLetIn) {
  EXPECT_FALSE(passes());
  clock.advance(59s);
  EXPECT_FALSE(passes()) << "too early";
  clock.advance(1s);
  EXPECT_TRUE(passes());
  EXPECT_TRUE(passes());
  EXPECT_FALSE(passes("192.0.2.0/24", "other@b.example"));
  EXPECT_FALSE(passes("198.51.100.0/24"));
  clock.advance(239h);
  EXPECT_TRUE(passes());
  clock.advance(239h);
  EXPECT_TRUE(passes()) << "it was used meanwhile";
  clock.advance(241h);
  EXPECT_FALSE(passes()) << "forgotten";
}

TEST_F(GreylistTest, WhoComesTooLateComesForTheFirstTime) {
  EXPECT_FALSE(passes());
  clock.advance(61min);
  EXPECT_FALSE(passes());
  clock.advance(1min);
  EXPECT_TRUE(passes());
}

TEST_F(GreylistTest, WhoOftenCameAgainIsKnown) {
  for (const char* sender : {"a@b.example", "c@d.example"}) {
    EXPECT_FALSE(passes("=b.example", sender));
    clock.advance(1min);
    EXPECT_TRUE(passes("=b.example", sender));
  }
  EXPECT_TRUE(passes("=b.example", "new@b.example"));
  EXPECT_TRUE(list.is_known("=b.example", "newer@b.example", "ben@example.org").value());
  EXPECT_FALSE(list.is_known("192.0.2.0/24", "a@b.example", "ben@example.org").value());
  clock.advance(241h);
  EXPECT_FALSE(passes("=b.example", "new@b.example"));
}

TEST_F(GreylistTest, NumbersInSendersDoNotCount) {
  EXPECT_FALSE(passes("192.0.2.0/24", "bounce-17-ada@b.example"));
  clock.advance(1min);
  EXPECT_TRUE(passes("192.0.2.0/24", "Bounce-18034-ada@b.example"));
}

TEST_F(GreylistTest, WhatIsOldGoes) {
  EXPECT_FALSE(passes());
  clock.advance(1min);
  EXPECT_TRUE(passes());
  EXPECT_FALSE(passes("198.51.100.0/24"));
  EXPECT_EQ(records(), 3);
  clock.advance(2h);
  ASSERT_TRUE(list.sweep());
  EXPECT_EQ(records(), 2) << "who did not come again";
  clock.advance(240h);
  ASSERT_TRUE(list.sweep());
  EXPECT_EQ(records(), 0);
}

TEST_F(GreylistTest, WhoMakesUpSendersFillsNoDisk) {
  Greylist small(*engine, clock, {.delay = 60s, .window = 1h, .memory = 240h, .known_after = 2, .most = 2});
  const auto passes_small = [&](const char* sender) { return small.passes("192.0.2.0/24", sender, "ada@example.org"); };
  EXPECT_FALSE(passes_small("a@b.example").value());
  EXPECT_FALSE(passes_small("b@b.example").value());
  EXPECT_TRUE(passes_small("c@b.example").value());
  EXPECT_FALSE(passes_small("a@b.example").value()) << "known, and too early";
  EXPECT_EQ(records(), 2);
  clock.advance(2h);
  EXPECT_FALSE(passes_small("d@b.example").value()) << "the others are forgotten";
}

TEST_F(GreylistTest, WhatCannotBeReadIsFoundAndRemoved) {
  EXPECT_FALSE(passes());
  EXPECT_TRUE(check_receiving(*engine, false)->empty());
  store::Batch batch;
  batch.put("G0123456789abcdef", "x");
  batch.put("Z", "x");
  ASSERT_TRUE(engine->commit(kReceivingPartition, batch));
  EXPECT_EQ(check_receiving(*engine, true)->size(), 2);
  EXPECT_TRUE(check_receiving(*engine, false)->empty());
  EXPECT_EQ(records(), 1);
}

TEST(Greylist, OriginsAreNetworks) {
  EXPECT_EQ(Greylist::origin_of(*net::parse_ip("192.0.2.77")), "192.0.2.0/24");
  EXPECT_EQ(Greylist::origin_of(*net::parse_ip("2001:db8:0:1:2::3")), "2001:db8:0:1::/64");
}

TEST(BlockLists, AreRead) {
  const auto list = parse_block_list("zen.Example.ORG  mark 127.0.0.2-127.0.0.4,127.0.0.10").value();
  EXPECT_EQ(list.zone, "zen.example.org");
  EXPECT_EQ(list.action, BlockAction::mark);
  for (const auto& [code, counts] : std::vector<std::pair<const char*, bool>>{
           {"127.0.0.2", true}, {"127.0.0.4", true}, {"127.0.0.5", false}, {"127.0.0.10", true}, {"::2", false}})
    EXPECT_EQ(list.counts(*net::parse_ip(code)), counts) << code;
  const auto usual = parse_block_list("list.example reject").value();
  EXPECT_EQ(usual.action, BlockAction::reject);
  for (const auto& [code, counts] : std::vector<std::pair<const char*, bool>>{{"127.0.0.2", true},
                                                                              {"127.1.2.3", true},
                                                                              {"127.0.0.1", false},
                                                                              {"127.255.255.254", false},
                                                                              {"10.0.0.2", false}})
    EXPECT_EQ(usual.counts(*net::parse_ip(code)), counts) << code;
  for (const char* bad :
       {"", "reject", "list.example", "list.example drop", "list.example reject x",
        "list.example reject 127.0.0.4-127.0.0.2", "list.example reject ::1", "list.example mark 1.2.3.4 x"})
    EXPECT_FALSE(parse_block_list(bad)) << bad;
}

// Asked by several threads.
class SharedZone final : public ZoneResolver {
 public:
  DnsAnswer<net::IpAddress> a(std::string_view name) override {
    std::lock_guard lock(mutex_);
    return ZoneResolver::a(name);
  }

 private:
  std::mutex mutex_;
};

TEST(BlockLists, SayWhoIsListed) {
  SharedZone zone;
  Workers workers(2);
  zone.add_address("7.2.0.192.one.example", *net::parse_ip("127.0.0.4"));
  zone.add_address("7.2.0.192.two.example", *net::parse_ip("127.255.255.254"));
  zone.add_failure("7.2.0.192.three.example", "A");
  const std::string v6 = "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.two.example";
  zone.add_address(v6, *net::parse_ip("127.0.0.2"));
  std::vector<BlockList> lists;
  for (const char* text : {"three.example reject", "one.example mark", "two.example reject"})
    lists.push_back(parse_block_list(text).value());
  const auto found = find_listings(lists, *net::parse_ip("192.0.2.7"), zone, workers);
  ASSERT_EQ(found.size(), 1);
  EXPECT_EQ(found[0].zone, "one.example");
  EXPECT_EQ(found[0].action, BlockAction::mark);
  EXPECT_EQ(listing_fields(found), "X-Blocked-By: one.example (127.0.0.4)\r\n");
  EXPECT_EQ(find_listings(lists, *net::parse_ip("2001:db8::1"), zone, workers).at(0).zone, "two.example");
  EXPECT_TRUE(find_listings(lists, *net::parse_ip("192.0.2.8"), zone, workers).empty());
}

}  // namespace
}  // namespace kontor::transport
