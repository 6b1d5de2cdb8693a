// Where a random-effects term stands, for Python.
#include "rows/term.hpp"

#include "arrays.hpp"
#include "module.hpp"

namespace ranef::binding {

using namespace nb::literals;

void bind_term(nb::module_& m) {
  using ranef::Term;
  nb::class_<Term>(m, "Term", "A random-effects term's place among the columns of its factor.")
      .def(
          "__init__",
          [](Term* self, int group, int offset, int q) { new (self) Term{group, offset, q}; },
          nb::kw_only(), "group"_a, "offset"_a, "q"_a)
      .def_ro("group", &Term::group)
      .def_ro("offset", &Term::offset)
      .def_ro("q", &Term::q);
}

}  // namespace ranef::binding
