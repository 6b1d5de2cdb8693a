// Families of generalised models as arguments and results of Python.
#pragma once

#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "arrays.hpp"
#include "family/family.hpp"

namespace ranef::binding {

// Throws ValueError for a family, a link or constants that there are not.
std::unique_ptr<ranef::Family> family_from(const std::string& name, const std::string& link,
                                           const std::vector<double>& constants);

ranef::RowOrder order_from(int order);

// One row for each derivative: in eta, for each psi, and for each pair of them.
using Table = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using FamilyTables = std::tuple<Table, std::vector<Table>, std::vector<Table>>;

// Needs no interpreter.
FamilyTables tables_of(const ranef::Family& family, const ranef::FamilyRows& rows,
                       ranef::RowOrder order);

}  // namespace ranef::binding
