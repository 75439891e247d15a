#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

namespace loadgen {

/// Latencies in nanoseconds: log-linear, 128 buckets per power of two (error below 0.8 %).
/// Value type.
class Histogram {
 public:
  void add(std::int64_t value) {
    value = std::max<std::int64_t>(value, 0);
    ++buckets_[index(static_cast<std::uint64_t>(value))];
    ++count_;
    sum_ += static_cast<double>(value);
    max_ = std::max(max_, value);
  }

  void merge(const Histogram& other) {
    for (std::size_t i = 0; i < buckets_.size(); ++i)
      buckets_[i] += other.buckets_[i];
    count_ += other.count_;
    sum_ += other.sum_;
    max_ = std::max(max_, other.max_);
  }

  /// The value below which the part `p` of all lies; 0 when there is none.
  double quantile(double p) const {
    if (count_ == 0) return 0;
    const auto wanted = std::min(static_cast<std::uint64_t>(p * double(count_)), count_ - 1);
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      seen += buckets_[i];
      if (seen > wanted) return std::min(middle(i), static_cast<double>(max_));
    }
    return static_cast<double>(max_);
  }

  double mean() const { return count_ == 0 ? 0 : sum_ / static_cast<double>(count_); }
  std::int64_t max() const { return max_; }

 private:
  static constexpr unsigned kBits = 7;

  static std::size_t index(std::uint64_t value) {
    if (value < (1U << kBits)) return value;
    const unsigned exponent = static_cast<unsigned>(std::bit_width(value)) - 1;
    const std::uint64_t within = (value >> (exponent - kBits)) & ((1U << kBits) - 1);
    return (std::size_t{exponent - kBits + 1} << kBits) + within;
  }

  static double middle(std::size_t index) {
    const std::size_t exponent = index >> kBits;
    const std::size_t within = index & ((1U << kBits) - 1);
    if (exponent == 0) return static_cast<double>(within);
    const auto width = static_cast<double>(1ULL << (exponent - 1));
    return (static_cast<double>((1U << kBits) + within) + 0.5) * width;
  }

  std::vector<std::uint64_t> buckets_ = std::vector<std::uint64_t>(std::size_t{64} << kBits);
  std::uint64_t count_ = 0;
  std::int64_t max_ = 0;
  double sum_ = 0;
};

}  // namespace loadgen
