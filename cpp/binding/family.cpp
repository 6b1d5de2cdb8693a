// Families of generalised models: the log-density of rows and its derivatives.
#include "family.hpp"

#include <array>
#include <memory>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "checks.hpp"
#include "module.hpp"

namespace ranef::binding {

using namespace nb::literals;

namespace {

template <std::size_t N>
void use(Table& table, int count, std::array<double*, N>& out) {
  for (int k = 0; k < count; ++k) out[at(k)] = table.row(k).data();
}

// Columns of one length in the memory of NumPy.
ranef::FamilyRows rows_from(const ranef::Family& family, const DoubleColumn& eta,
                            const std::vector<DoubleColumn>& psi, const DoubleColumn& y,
                            const std::optional<DoubleColumn>& weights) {
  if (psi.size() != static_cast<std::size_t>(family.channels())) {
    throw nb::value_error("one psi for each channel of the family");
  }
  ranef::FamilyRows rows;
  rows.n = static_cast<Index>(y.shape(0));
  const auto column = [&rows](const DoubleColumn& from) {
    check_length(static_cast<Index>(from.shape(0)), rows.n);
    return from.data();
  };
  rows.eta = column(eta);
  for (std::size_t c = 0; c < psi.size(); ++c) rows.psi[c] = column(psi[c]);
  rows.y = column(y);
  if (weights) rows.weights = column(*weights);
  return rows;
}

FamilyTables family_rows(const std::string& name, const std::string& link,
                         const std::vector<double>& constants, int order, const DoubleColumn& eta,
                         const std::vector<DoubleColumn>& psi, const DoubleColumn& y,
                         const std::optional<DoubleColumn>& weights) {
  const auto family = family_from(name, link, constants);
  const ranef::RowOrder wanted = order_from(order);
  const ranef::FamilyRows rows = rows_from(*family, eta, psi, y, weights);
  nb::gil_scoped_release release;
  return tables_of(*family, rows, wanted);
}

Vector family_expected(const std::string& name, const std::string& link,
                       const std::vector<double>& constants, const DoubleColumn& eta,
                       const std::vector<DoubleColumn>& psi, const DoubleColumn& y,
                       const std::optional<DoubleColumn>& weights) {
  const auto family = family_from(name, link, constants);
  const ranef::FamilyRows rows = rows_from(*family, eta, psi, y, weights);
  Vector out(rows.n);
  family->expected(rows, out.data());
  return out;
}

// Predictors that a search begins with, and where l has its supremum at infinity.
std::pair<Vector, Vector> family_start(const std::string& name, const std::string& link,
                                       const std::vector<double>& constants, const DoubleColumn& y,
                                       const std::optional<DoubleColumn>& weights) {
  const auto family = family_from(name, link, constants);
  ranef::FamilyRows rows;
  rows.n = static_cast<Index>(y.shape(0));
  rows.y = y.data();
  if (weights) {
    check_length(static_cast<Index>(weights->shape(0)), rows.n);
    rows.weights = weights->data();
  }
  Vector eta(rows.n);
  family->start(rows, eta.data());
  std::vector<signed char> sign(at(rows.n));
  family->recession(rows, sign.data());
  Vector signs(rows.n);
  for (Index i = 0; i < rows.n; ++i) signs(i) = sign[at(i)];
  return {std::move(eta), std::move(signs)};
}

// Whether l is concave in eta, and where each psi begins.
std::pair<bool, std::vector<double>> family_facts(const std::string& name, const std::string& link,
                                                  const std::vector<double>& constants) {
  const auto family = family_from(name, link, constants);
  std::vector<double> psi;
  for (int c = 0; c < family->channels(); ++c) psi.push_back(family->start_psi(c));
  return {family->log_concave(), std::move(psi)};
}

}  // namespace

std::unique_ptr<ranef::Family> family_from(const std::string& name, const std::string& link,
                                           const std::vector<double>& constants) {
  try {
    return ranef::make_family(name, link, constants);
  } catch (const std::invalid_argument& wrong) {
    throw nb::value_error(wrong.what());
  }
}

ranef::RowOrder order_from(int order) {
  if (order < 2 || order > 4) throw nb::value_error("an order that is not 2, 3 or 4");
  return static_cast<ranef::RowOrder>(order);
}

FamilyTables tables_of(const ranef::Family& family, const ranef::FamilyRows& rows,
                       ranef::RowOrder wanted) {
  const int order = static_cast<int>(wanted);
  const int channels = family.channels();
  const auto table = [&rows](int count) { return Table(Table::Zero(count, rows.n)); };
  Table by_eta = table(order + 1);
  std::vector<Table> by_psi(at(order > 2 ? channels : 0), table(order));
  std::vector<Table> by_pair(at(order > 3 ? channels * (channels + 1) / 2 : 0), table(3));
  ranef::RowDerivatives out;
  use(by_eta, order + 1, out.eta);
  for (std::size_t c = 0; c < by_psi.size(); ++c) use(by_psi[c], order, out.psi[c]);
  for (std::size_t c = 0; c < by_pair.size(); ++c) use(by_pair[c], 3, out.psi2[c]);
  family.derivatives(rows, wanted, out);
  return {std::move(by_eta), std::move(by_psi), std::move(by_pair)};
}

void bind_family(nb::module_& m) {
  m.def("family_facts", &family_facts, "name"_a, "link"_a, "constants"_a,
        "Whether log-densities are concave in eta, and where each further predictor begins.");
  m.def("family_rows", &family_rows, "name"_a, "link"_a, "constants"_a, "order"_a, "eta"_a, "psi"_a,
        "y"_a, "weights"_a.none(),
        "Log-densities of rows and their derivatives: in eta, in each psi, in each pair of them.");
  m.def("family_expected", &family_expected, "name"_a, "link"_a, "constants"_a, "eta"_a, "psi"_a,
        "y"_a, "weights"_a.none(), "Expected information about eta, by row.");
  m.def("family_start", &family_start, "name"_a, "link"_a, "constants"_a, "y"_a, "weights"_a.none(),
        "Predictors where a search begins, and the sign of eta at which a row has its supremum.");
}

}  // namespace ranef::binding
