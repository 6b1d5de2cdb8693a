// Structures of residuals for Python.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "arrays.hpp"
#include "residual/residual.hpp"

namespace ranef::binding {

// A structure that can be made again from what it was made of.
class ResidualArgument {
 public:
  ResidualArgument(std::string kind, std::vector<double> counts, std::vector<int> gaps);

  std::unique_ptr<ranef::Residual> make() const {
    return ranef::make_residual(kind_, counts_, gaps_);
  }
  const ranef::Residual& at(const Vector& phi) const;
  const ranef::Residual& itself() const { return *residual_; }

  const std::string& kind() const { return kind_; }
  const std::vector<double>& counts() const { return counts_; }
  const std::vector<int>& gaps() const { return gaps_; }

 private:
  std::string kind_;
  std::vector<double> counts_;
  std::vector<int> gaps_;
  std::shared_ptr<const ranef::Residual> residual_;
};

}  // namespace ranef::binding
