// Links of a positive mean: its logarithm, in which most densities are written, and whether eta is
// in units of the response.
#pragma once

#include <algorithm>

#include "family/special.hpp"

namespace ranef {

struct LogLink {
  static constexpr bool kInUnits = false;
  template <class T>
  static T log_mean(const T& eta) {
    return eta;
  }
  template <class T>
  static T mean_of(const T& eta) {
    return exp(eta);
  }
  static double mean(double eta) { return bounded_exp(eta); }
  static double slope(double eta) { return bounded_exp(eta); }  // of the mean
  static double predictor(double mean) { return std::log(mean); }
  static bool inside(double) { return true; }
};

struct IdentityLink {
  static constexpr bool kInUnits = true;
  template <class T>
  static T log_mean(const T& eta) {
    return log(eta);
  }
  template <class T>
  static T mean_of(const T& eta) {
    return eta;
  }
  static double mean(double eta) { return eta; }
  static double slope(double) { return 1.0; }
  static double predictor(double mean) { return mean; }
  static bool inside(double eta) { return eta > 0.0; }
};

struct SqrtLink {
  static constexpr bool kInUnits = true;
  template <class T>
  static T log_mean(const T& eta) {
    return 2.0 * log(eta);
  }
  template <class T>
  static T mean_of(const T& eta) {
    return eta * eta;
  }
  static double mean(double eta) { return eta * eta; }
  static double slope(double eta) { return 2.0 * eta; }
  static double predictor(double mean) { return std::sqrt(mean); }
  static bool inside(double eta) { return eta > 0.0; }
};

struct InverseLink {
  static constexpr bool kInUnits = true;
  template <class T>
  static T log_mean(const T& eta) {
    return -log(eta);
  }
  static double mean(double eta) { return 1.0 / eta; }
  static double slope(double eta) { return -1.0 / (eta * eta); }
  static double predictor(double mean) { return 1.0 / mean; }
  static bool inside(double eta) { return eta > 0.0; }
};

// 1/mu^2.
struct InverseSquareLink {
  static constexpr bool kInUnits = true;
  template <class T>
  static T log_mean(const T& eta) {
    return -0.5 * log(eta);
  }
  static double mean(double eta) { return 1.0 / std::sqrt(eta); }
  static double slope(double eta) { return -0.5 / (eta * std::sqrt(eta)); }
  static double predictor(double mean) { return 1.0 / (mean * mean); }
  static bool inside(double eta) { return eta > 0.0; }
};

}  // namespace ranef
