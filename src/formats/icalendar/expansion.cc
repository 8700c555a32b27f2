// SPDX-License-Identifier: AGPL-3.0-or-later
#include <algorithm>
#include <queue>

#include "formats/icalendar/series.h"

namespace kontor::icalendar {
namespace {

using std::chrono::days;
using std::chrono::seconds;

constexpr std::size_t kSourcesPerStep = 8;
constexpr Instant kFirstInstant = std::chrono::sys_days(std::chrono::year(1) / 1 / 1);
constexpr Instant kLastInstant = std::chrono::sys_days(std::chrono::year(10000) / 1 / 1);

}  // namespace

// What one rule, the dates or the overrides give: by begin, from about the window's begin on.
struct Expansion::Source {
  struct Item {
    Instant start, end;
    Wall id;
    const lines::Component* component;
    bool operator>(const Item& other) const { return start > other.start; }
  };

  explicit Source(const Series& series_) : series(series_) {}

  // The first of what is left, not taken off. Nothing: the end, or the budget is spent.
  const Item* peek(Budget& budget) {
    if (!ready && !is_at_end) advance(budget);
    if (!held.empty() && (!ready || held.top().start <= ready->start)) return &held.top();
    return ready ? &*ready : nullptr;
  }
  void pop() {
    if (!held.empty() && (!ready || held.top().start <= ready->start))
      held.pop();
    else
      ready.reset();
  }

  void advance(Budget& budget) {
    while (!is_at_end && budget.spend()) {
      if (part == nullptr) {
        if (index == series.overrides_.size()) break;
        const Series::Override& found = series.overrides_[index++];
        ready = Item{found.start, found.end, found.id, found.component};
        return;
      }
      std::optional<Series::Length> length;
      const std::optional<Wall> id = next_id(budget, length);
      if (!id && budget.is_spent()) return;
      if (!id || *id >= until) break;
      if (*id < part->from || series.overridden_.contains(*id) || series.is_excluded(*id, budget)) continue;
      if (budget.is_spent()) return;  // so it is not known whether it is taken out
      const Wall wall = *id + part->shift;
      const Series::Length lasts = length.value_or(part->length);
      const Zone::Resolved start = part->zone->resolve(wall);
      const Instant end = lasts.days == 0 ? start.at + seconds(lasts.seconds)
                                          : part->zone->resolve(wall + days(lasts.days)).at + seconds(lasts.seconds);
      Item item{start.at, std::max(start.at, end), *id, part->component};
      // What the wall never showed moves behind what it showed next.
      if (start.is_in_gap) {
        held.push(item);
        continue;
      }
      ready = item;
      return;
    }
    is_at_end = is_at_end || !budget.is_spent();
  }

  std::optional<Wall> next_id(Budget& budget, std::optional<Series::Length>& length) {
    if (rule) return rule->next(budget);
    if (is_start) {
      is_start = false;
      return series.start_.wall;
    }
    if (index == series.dates_.size()) return std::nullopt;
    length = series.dates_[index].length;
    return series.dates_[index++].wall;
  }

  const Series& series;
  const Series::Part* part = nullptr;  // null: the overrides
  Wall until = Wall::max();            // where the next part begins
  std::optional<RuleIterator> rule;    // else the dates from `index` on
  bool is_start = false;               // DTSTART itself, before the dates
  std::size_t index = 0;
  bool is_at_end = false;
  std::optional<Item> ready;
  std::priority_queue<Item, std::vector<Item>, std::greater<>> held;
};

Expansion::Expansion(Expansion&&) noexcept = default;
Expansion& Expansion::operator=(Expansion&&) noexcept = default;
Expansion::~Expansion() = default;

Expansion::Expansion(const Series& series, Instant from, Instant to)
    : series_(&series),
      from_(std::clamp(from, kFirstInstant, kLastInstant)),
      to_(std::clamp(to, kFirstInstant, kLastInstant)) {
  if (!series.overrides_.empty()) sources_.push_back(std::make_unique<Source>(series));
  const seconds reach = series.reach();
  for (std::size_t i = 0; i < series.parts_.size(); ++i) {
    const Series::Part& part = series.parts_[i];
    const Wall until = i + 1 < series.parts_.size() ? series.parts_[i + 1].from : Wall::max();
    // Before it, nothing reaches into the window: with what a change of clocks adds to a length or a gap moves.
    const seconds moved = part.zone->offset_at(from_) - part.zone->offset_at(from_ - days(2));
    const Wall begin = part.zone->wall_at(from_) - reach - part.shift - std::chrono::abs(moved) - std::chrono::hours(3);
    const bool is_behind = part.from != Wall::min() && part.from + part.shift > part.zone->wall_at(to_) + days(2);
    if (until <= std::max(begin, part.from) || is_behind) continue;
    const auto add = [&]() -> Source& {
      Source& source = *sources_.emplace_back(std::make_unique<Source>(series));
      source.part = &part;
      source.until = until;
      return source;
    };
    for (const Rule& rule : series.rules_) {
      auto iterator = RuleIterator::open(rule, series.start_.wall, series.start_.is_date());
      if (!iterator) continue;
      iterator->seek(std::max(begin, part.from));
      add().rule.emplace(*std::move(iterator));
    }
    if (series.rules_.empty()) {
      Source& start = add();
      start.is_start = true;
      start.index = series.dates_.size();
    }
    if (!series.dates_.empty())
      add().index = static_cast<std::size_t>(std::ranges::lower_bound(series.dates_, begin, {}, &Series::Date::wall) -
                                             series.dates_.begin());
  }
}

Result<std::optional<Instance>> Expansion::next(Budget& budget) {
  while (true) {
    // To look at all sources is work, too.
    budget.spend(sources_.size() / kSourcesPerStep);
    Source* first = nullptr;
    const Source::Item* item = nullptr;
    for (const auto& source : sources_) {
      const Source::Item* candidate = source->peek(budget);
      if (candidate == nullptr && budget.is_spent())
        return fail(Errc::too_large, "The series takes too long to expand.");
      if (candidate != nullptr && (item == nullptr || candidate->start < item->start))
        item = candidate, first = source.get();
    }
    if (item == nullptr || item->start >= to_) return std::nullopt;
    Instance found{
        .start = item->start, .end = item->end, .id = series_->id_of(item->id), .component = item->component};
    first->pop();
    const bool overlaps = found.start == found.end ? found.start >= from_ : found.end > from_;
    const bool is_again = last_ && last_->start == found.start &&
                          (last_->id.wall == found.id.wall || last_->component == found.component);
    if (!overlaps || is_again) continue;
    last_ = found;
    return found;
  }
}

}  // namespace kontor::icalendar
