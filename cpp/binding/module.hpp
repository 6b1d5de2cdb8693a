// What each binding file adds to the Python module. Only the files in this folder know Python.
#pragma once

#include <nanobind/nanobind.h>

namespace ranef::binding {

void bind_channel(nanobind::module_& m);
void bind_columns(nanobind::module_& m);
void bind_cross_products(nanobind::module_& m);
void bind_family(nanobind::module_& m);
void bind_generalised(nanobind::module_& m);
void bind_generalised_refits(nanobind::module_& m);
void bind_penalty(nanobind::module_& m);
void bind_replicates(nanobind::module_& m);
void bind_rows(nanobind::module_& m);
void bind_scaling(nanobind::module_& m);
void bind_scan(nanobind::module_& m);
void bind_solved(nanobind::module_& m);
void bind_residual(nanobind::module_& m);
void bind_structure(nanobind::module_& m);
void bind_term(nanobind::module_& m);
void bind_workspace(nanobind::module_& m);

}  // namespace ranef::binding
