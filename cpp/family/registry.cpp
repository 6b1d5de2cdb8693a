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
      {"binomial", make_binomial}, {"gamma", make_gamma},     {"gaussian", make_gaussian},
      {"nbinom2", make_nbinom2},   {"poisson", make_poisson},
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
