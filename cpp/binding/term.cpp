// A random-effects term for Python: where it stands, and the structure of its covariance.
#include "rows/term.hpp"

#include <string>
#include <vector>

#include "arrays.hpp"
#include "checks.hpp"
#include "module.hpp"

namespace ranef::binding {

using namespace nb::literals;

void bind_term(nb::module_& m) {
  using ranef::Term;
  nb::class_<Term>(m, "Term", "A random-effects term's place and structure.")
      .def(
          "__init__",
          [](Term* self, int group, int offset, int q, const std::string& structure, int rank,
             const std::vector<int>& positions) {
            new (self) Term(checked(Term(group, offset, q, {structure, rank, positions})));
          },
          nb::kw_only(), "group"_a, "offset"_a, "q"_a, "structure"_a = "us", "rank"_a = 0,
          "positions"_a = std::vector<int>{})
      .def_ro("group", &Term::group)
      .def_ro("offset", &Term::offset)
      .def_ro("q", &Term::q)
      .def_prop_ro("structure", [](const Term& t) { return t.structure.name; })
      .def_prop_ro("rank", [](const Term& t) { return t.structure.rank; })
      .def_prop_ro("positions", [](const Term& t) { return t.structure.positions; });
}

}  // namespace ranef::binding
