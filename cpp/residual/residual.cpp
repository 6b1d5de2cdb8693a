#include "residual/residual.hpp"

#include "residual/serial.hpp"
#include "residual/strata.hpp"

namespace ranef {

std::unique_ptr<Residual> make_residual(const std::string& name, const std::vector<double>& counts,
                                        const std::vector<int>& gaps) {
  constexpr int kLongest = 10000;
  for (const double count : counts) {
    if (!(count >= 0.0)) return nullptr;
  }
  if (name == "strata" && counts.size() > 1 && gaps.empty())
    return std::make_unique<Strata>(counts);
  if (name == "ar1" && counts.size() == gaps.size() && !gaps.empty()) {
    int before = 0;
    for (const int gap : gaps) {
      if (gap <= before || gap > kLongest) return nullptr;
      before = gap;
    }
    return std::make_unique<Serial>(counts, gaps);
  }
  return nullptr;
}

}  // namespace ranef
