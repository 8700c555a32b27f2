// SPDX-License-Identifier: AGPL-3.0-or-later
// Counters, gauges and histograms for Prometheus. Make them once (at construction of their owner), move them often:
// moving one is a few nanoseconds and thread-safe. The same name and labels give the same one.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace kontor::metrics {

struct Label {
  std::string name;
  std::string value;
};
using Labels = std::vector<Label>;

class Counter {
 public:
  Counter(const std::string& name, const std::string& help, const Labels& labels = {});
  void add(double by = 1) const;

 private:
  void* counter_;
};

class Gauge {
 public:
  Gauge(const std::string& name, const std::string& help, const Labels& labels = {});
  void add(double by) const;
  void set(double to) const;

 private:
  void* gauge_;
};

// Of seconds, with buckets from 100 microseconds to 30 seconds.
class Histogram {
 public:
  Histogram(const std::string& name, const std::string& help, const Labels& labels = {});
  void observe(double seconds) const;

 private:
  void* histogram_;
};

// All of them in the text format of Prometheus (version 0.0.4).
std::string expose();

}  // namespace kontor::metrics
