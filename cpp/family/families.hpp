// Makers of the families, one for each file; registry.cpp has their names. Null for an unknown
// link; std::invalid_argument for wrong constants.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "family/family.hpp"

namespace ranef {

using Constants = std::vector<double>;

std::unique_ptr<Family> make_beta(const std::string& link, const Constants& constants);
std::unique_ptr<Family> make_betabinomial(const std::string& link, const Constants& constants);
std::unique_ptr<Family> make_binomial(const std::string& link, const Constants& constants);
std::unique_ptr<Family> make_cumulative(const std::string& link, const Constants& constants);
std::unique_ptr<Family> make_gamma(const std::string& link, const Constants& constants);
std::unique_ptr<Family> make_gaussian(const std::string& link, const Constants& constants);
std::unique_ptr<Family> make_hurdle_nbinom2(const std::string& link, const Constants& constants);
std::unique_ptr<Family> make_hurdle_poisson(const std::string& link, const Constants& constants);
std::unique_ptr<Family> make_inverse_gaussian(const std::string& link, const Constants& constants);
std::unique_ptr<Family> make_nbinom1(const std::string& link, const Constants& constants);
std::unique_ptr<Family> make_nbinom2(const std::string& link, const Constants& constants);
std::unique_ptr<Family> make_poisson(const std::string& link, const Constants& constants);
std::unique_ptr<Family> make_truncated_nbinom2(const std::string& link, const Constants& constants);
std::unique_ptr<Family> make_truncated_poisson(const std::string& link, const Constants& constants);
std::unique_ptr<Family> make_tweedie(const std::string& link, const Constants& constants);
std::unique_ptr<Family> make_zero_inflated_binomial(const std::string& link,
                                                    const Constants& constants);
std::unique_ptr<Family> make_zero_inflated_nbinom1(const std::string& link,
                                                   const Constants& constants);
std::unique_ptr<Family> make_zero_inflated_nbinom2(const std::string& link,
                                                   const Constants& constants);
std::unique_ptr<Family> make_zero_inflated_poisson(const std::string& link,
                                                   const Constants& constants);

}  // namespace ranef
