// SPDX-License-Identifier: AGPL-3.0-or-later
#include "base/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <map>

namespace kontor::metrics {
namespace {

// The process's one registry; prometheus-cpp locks inside.
prometheus::Registry& registry() {
  static prometheus::Registry all;
  return all;
}

std::map<std::string, std::string> to_map(const Labels& labels) {
  std::map<std::string, std::string> out;
  for (const Label& label : labels) out.emplace(label.name, label.value);
  return out;
}

}  // namespace

Counter::Counter(const std::string& name, const std::string& help, const Labels& labels)
    : counter_(&prometheus::BuildCounter().Name(name).Help(help).Register(registry()).Add(to_map(labels))) {}
void Counter::add(double by) const { static_cast<prometheus::Counter*>(counter_)->Increment(by); }

Gauge::Gauge(const std::string& name, const std::string& help, const Labels& labels)
    : gauge_(&prometheus::BuildGauge().Name(name).Help(help).Register(registry()).Add(to_map(labels))) {}
void Gauge::add(double by) const { static_cast<prometheus::Gauge*>(gauge_)->Increment(by); }
void Gauge::set(double to) const { static_cast<prometheus::Gauge*>(gauge_)->Set(to); }

Histogram::Histogram(const std::string& name, const std::string& help, const Labels& labels)
    : histogram_(&prometheus::BuildHistogram()
                      .Name(name)
                      .Help(help)
                      .Register(registry())
                      .Add(to_map(labels), prometheus::Histogram::BucketBoundaries{0.0001, 0.0003, 0.001, 0.003, 0.01,
                                                                                   0.03, 0.1, 0.3, 1, 3, 10, 30})) {}
void Histogram::observe(double seconds) const { static_cast<prometheus::Histogram*>(histogram_)->Observe(seconds); }

std::string expose() { return prometheus::TextSerializer().Serialize(registry().Collect()); }

}  // namespace kontor::metrics
