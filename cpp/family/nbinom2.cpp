#include <array>
#include <limits>

#include "family/families.hpp"
#include "family/nbinom.hpp"

namespace ranef {

namespace {

// log of Gamma(y + size) / (Gamma(size) y!), and its first two derivatives by size, for small whole
// y: sums over 0 .. y - 1, which no size makes lose digits.
class SizeTerms {
 public:
  static constexpr int kMost = 64;

  struct Sums {
    double log = 0.0, first = 0.0, second = 0.0;
  };

  // Sums are kept as long as the size stays.
  const Sums& at(double size, int y) {
    if (size != size_) {
      size_ = size;
      known_ = 0;
    }
    for (; known_ < y; ++known_) {
      const double inverse = 1.0 / (size + known_);
      Sums next = sums_[static_cast<std::size_t>(known_)];
      next.log += std::log((size + known_) / (known_ + 1.0));
      next.first += inverse;
      next.second -= inverse * inverse;
      sums_[static_cast<std::size_t>(known_) + 1] = next;
    }
    return sums_[static_cast<std::size_t>(y)];
  }

 private:
  double size_ = std::numeric_limits<double>::quiet_NaN();
  int known_ = 0;
  std::array<Sums, kMost + 1> sums_ = {};
};

// Small counts by hand: with p = mu / (mu + size) and q = 1 - p, y log p + size log q and the terms
// above. The formula is for all others.
class Nbinom2Log : public FormulaFamily<Nbinom2> {
 public:
  void derivatives(const FamilyRows& rows, RowOrder order,
                   const RowDerivatives& out) const override {
    SizeTerms terms;
    for (Index i = 0; i < rows.n; ++i) {
      if (!by_hand(rows, i, order, terms, out)) fill_row(rows, order, i, out);
    }
  }

 private:
  static bool by_hand(const FamilyRows& rows, Index i, RowOrder order, SizeTerms& terms,
                      const RowDerivatives& out) {
    constexpr double kLargestSize = 7.0;  // its logarithm
    const double y = rows.y[i];
    const double eta = rows.eta[i];
    const double psi = rows.psi[0][i];
    if (!(y >= 0.0 && y <= SizeTerms::kMost && y == std::floor(y))) return false;
    if (!(std::abs(eta) < kLargestExponent && psi < kLargestSize && psi > -kLargestExponent))
      return false;
    const double w = weight(rows, i);
    const double size = std::exp(psi);
    const double x = eta - psi;
    const double e = std::exp(-std::abs(x));
    const double more = std::log1p(e);
    const double larger = 1.0 / (1.0 + e);
    const double smaller = e * larger;
    const double p = x >= 0.0 ? larger : smaller;
    const double q = x >= 0.0 ? smaller : larger;
    const SizeTerms::Sums& own = terms.at(size, static_cast<int>(y));
    const double log_p = std::min(x, 0.0) - more;
    const double log_q = -std::max(x, 0.0) - more;
    const double bend = (y + size) * p * q;
    const double skew = bend * (q - p);
    const double last = bend * (1.0 - 6.0 * p * q);
    const double score = y * q - size * p;
    const auto put = [&](double* to, double value) {
      if (to != nullptr) to[i] = w * value;
    };
    put(out.eta[0], y * log_p + size * log_q + own.log);
    put(out.eta[1], score);
    put(out.eta[2], -bend);
    if (order == RowOrder::kPass) return true;
    const double by_size = size * (log_q + own.first);
    const double cross = bend - size * p;
    put(out.eta[3], -skew);
    put(out.psi[0][0], by_size - score);
    put(out.psi[0][1], cross);
    put(out.psi[0][2], skew - size * p * q);
    if (order == RowOrder::kGradient) return true;
    put(out.eta[4], -last);
    put(out.psi[0][3], last - size * p * q * (q - p));
    put(out.psi2[0][0], by_size + size * p - cross + size * size * own.second);
    put(out.psi2[0][1], size * p * (2.0 * q - 1.0) - skew);
    put(out.psi2[0][2], size * p * q * (2.0 * (q - p) - 1.0) - last);
    return true;
  }
};

}  // namespace

std::unique_ptr<Family> make_nbinom2(const std::string& link, const Constants&) {
  if (link == "log") return std::make_unique<Nbinom2Log>();
  return nullptr;
}

}  // namespace ranef
