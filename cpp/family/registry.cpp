// The families by name: one line for each.
#include <algorithm>
#include <map>
#include <stdexcept>

#include "family/families.hpp"

namespace ranef {

namespace {

using Maker = std::unique_ptr<Family> (*)(const std::string& link, const Constants& constants);

const std::map<std::string, Maker>& makers() {
  static const std::map<std::string, Maker> all = {
      {"beta", make_beta},
      {"betabinomial", make_betabinomial},
      {"binomial", make_binomial},
      {"cumulative", make_cumulative},
      {"gamma", make_gamma},
      {"gaussian", make_gaussian},
      {"hurdle_nbinom2", make_hurdle_nbinom2},
      {"hurdle_poisson", make_hurdle_poisson},
      {"inverse_gaussian", make_inverse_gaussian},
      {"nbinom1", make_nbinom1},
      {"nbinom2", make_nbinom2},
      {"poisson", make_poisson},
      {"truncated_nbinom2", make_truncated_nbinom2},
      {"truncated_poisson", make_truncated_poisson},
      {"tweedie", make_tweedie},
      {"zero_inflated_binomial", make_zero_inflated_binomial},
      {"zero_inflated_nbinom1", make_zero_inflated_nbinom1},
      {"zero_inflated_nbinom2", make_zero_inflated_nbinom2},
      {"zero_inflated_poisson", make_zero_inflated_poisson},
  };
  return all;
}

}  // namespace

double Family::start_psi(int) const { return 0.0; }

void Family::recession(const FamilyRows& rows, signed char* sign) const {
  std::fill(sign, sign + rows.n, static_cast<signed char>(0));
}

std::unique_ptr<Family> make_family(const std::string& name, const std::string& link,
                                    const std::vector<double>& constants) {
  const auto found = makers().find(name);
  if (found == makers().end()) throw std::invalid_argument("not a family: " + name);
  std::unique_ptr<Family> made = found->second(link, constants);
  if (!made) throw std::invalid_argument("not a link of the family " + name + ": " + link);
  return made;
}

}  // namespace ranef
