#include "structure/registry.hpp"

#include <functional>
#include <map>
#include <string>

#include "structure/autoregressive.hpp"
#include "structure/compound_symmetry.hpp"
#include "structure/identity.hpp"
#include "structure/toeplitz.hpp"
#include "structure/unstructured.hpp"

namespace ranef {

namespace {

using Maker = std::function<std::unique_ptr<Structure>(const Term&)>;

template <class Kind>
auto make(bool heterogeneous) {
  return [=](const Term& term) { return std::make_unique<Kind>(term.q, heterogeneous); };
}

auto make_ar1(bool heterogeneous) {
  return [=](const Term& term) {
    return std::make_unique<Autoregressive>(term.q, heterogeneous, term.structure.positions);
  };
}

const std::map<std::string, Maker>& makers() {
  static const std::map<std::string, Maker> all = {
      {"us", [](const Term& t) { return std::make_unique<Unstructured>(t.q); }},
      {"rr", [](const Term& t) { return std::make_unique<Unstructured>(t.q, t.structure.rank); }},
      {"homdiag", [](const Term& t) { return std::make_unique<Identity>(t.q); }},
      {"cs", make<CompoundSymmetry>(true)},
      {"homcs", make<CompoundSymmetry>(false)},
      {"ar1", make_ar1(false)},
      {"hetar1", make_ar1(true)},
      {"toep", make<Toeplitz>(true)},
      {"homtoep", make<Toeplitz>(false)},
  };
  return all;
}

// Whether positions ascend within a range that a study could have.
bool in_order(const std::vector<int>& positions) {
  constexpr double kLongest = 1e4;
  if (1.0 * positions.back() - positions.front() > kLongest) return false;
  for (std::size_t i = 1; i < positions.size(); ++i) {
    if (positions[i] <= positions[i - 1]) return false;
  }
  return true;
}

}  // namespace

std::unique_ptr<Structure> make_structure(const Term& term) {
  const auto found = makers().find(term.structure.name);
  if (found == makers().end() || term.q < 1) return nullptr;
  if (term.structure.name == "rr" && (term.structure.rank < 1 || term.structure.rank > term.q))
    return nullptr;
  if (!term.structure.positions.empty() &&
      (term.structure.positions.size() != at(term.q) || !in_order(term.structure.positions))) {
    return nullptr;
  }
  if (term.q == 1) return std::make_unique<Unstructured>(1);
  return found->second(term);
}

}  // namespace ranef
