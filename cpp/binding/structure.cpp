// Structures of covariances and the faces that points of them lie on, for Python.
#include "structure/structure.hpp"

#include <nanobind/stl/pair.h>

#include <memory>
#include <utility>
#include <vector>

#include "arrays.hpp"
#include "module.hpp"
#include "structure/registry.hpp"

namespace ranef::binding {

using namespace nb::literals;

namespace {

using Held = std::shared_ptr<const ranef::Structure>;

void need(bool fine, const char* what) {
  if (!fine) throw nb::value_error(what);
}

// A structure that checks its arguments.
class Structure {
 public:
  explicit Structure(const ranef::Term& term) {
    constexpr int kMost = 10000;  // columns: a larger matrix could not be held
    need(term.q <= kMost, "too many columns for one covariance");
    structure_ = ranef::make_structure(term);
    need(structure_ != nullptr, "no such structure of a covariance");
  }

  const ranef::Structure& at(const Vector& x) const {
    need(x.size() == structure_->size(), "coordinates of another structure");
    return *structure_;
  }
  const ranef::Structure& at(const Matrix& d) const {
    need(d.rows() == structure_->q() && d.cols() == structure_->q(), "a matrix of another size");
    return *structure_;
  }
  const ranef::Structure& itself() const { return *structure_; }
  const Held& held() const { return structure_; }

 private:
  Held structure_;
};

// A face, and the structure that it belongs to.
class Face {
 public:
  Face(const Structure& structure, const Vector& x)
      : structure_(structure.held()), face_(structure.at(x).face(x)) {}

  const ranef::TermFace& itself() const { return *face_; }
  const ranef::TermFace& at(const Matrix& gamma) const {
    const int q = structure_->q();
    need(gamma.rows() == q && gamma.cols() == q, "a matrix of another size");
    return *face_;
  }

 private:
  Held structure_;
  std::shared_ptr<const ranef::TermFace> face_;
};

}  // namespace

void bind_structure(nb::module_& m) {
  nb::class_<Face>(m, "TermFace", "Coordinates near a point, off its bounds.")
      .def_prop_ro("rank", [](const Face& f) { return f.itself().rank(); })
      .def_prop_ro("covariance", [](const Face& f) { return Matrix(f.itself().covariance()); })
      .def_prop_ro("root", [](const Face& f) { return f.itself().root(); })
      .def_prop_ro("coordinates", [](const Face& f) { return f.itself().coordinates(); })
      .def_prop_ro("directions", [](const Face& f) { return f.itself().directions(); })
      .def_prop_ro("scales", [](const Face& f) { return f.itself().scales(); })
      .def_prop_ro("null", [](const Face& f) { return f.itself().null_space(); })
      .def(
          "gradient", [](const Face& f, const Matrix& g) { return f.at(g).gradient(g); }, "gamma"_a)
      .def(
          "bend", [](const Face& f, const Matrix& g) { return f.at(g).bend(g); }, "gamma"_a)
      .def(
          "moved",
          [](const Face& f, const Vector& step) {
            need(step.size() == f.itself().size(), "a step of another length");
            return f.itself().moved(step, {});
          },
          "step"_a);

  nb::class_<Structure>(m, "Structure", "How a covariance follows from its coordinates.")
      .def(nb::init<const ranef::Term&>(), "term"_a)
      .def_prop_ro("q", [](const Structure& s) { return s.itself().q(); })
      .def_prop_ro("size", [](const Structure& s) { return s.itself().size(); })
      .def_prop_ro("most_rank", [](const Structure& s) { return s.itself().most_rank(); })
      .def(
          "root", [](const Structure& s, const Vector& x) { return s.at(x).root(x); }, "x"_a)
      .def(
          "nearest", [](const Structure& s, const Matrix& d) { return s.at(d).nearest(d); }, "d"_a)
      .def(
          "scaled",
          [](const Structure& s, const Vector& x, double factor) {
            return s.at(x).scaled(x, factor);
          },
          "x"_a, "factor"_a)
      .def(
          "canonical", [](const Structure& s, const Vector& x) { return s.at(x).canonical(x); },
          "x"_a)
      .def(
          "parameters", [](const Structure& s, const Vector& x) { return s.at(x).parameters(x); },
          "x"_a)
      .def(
          "coordinates",
          [](const Structure& s, const Vector& parameters) {
            return s.at(parameters).coordinates(parameters);
          },
          "parameters"_a)
      .def(
          "on_scale",
          [](const Structure& s, const Vector& x, const Matrix& base) {
            s.at(base);
            return s.at(x).on_scale(x, base);
          },
          "x"_a, "base"_a)
      .def(
          "settled",
          [](const Structure& s, const Vector& x, double limit) {
            int lost = 0;
            return s.at(x).settled(x, limit, s.itself().size(), lost);
          },
          "x"_a, "limit"_a)
      .def(
          "directions",
          [](const Structure& s, const Vector& x) {
            std::vector<Matrix> out;
            s.at(x).directions(x.data(), out);
            return out;
          },
          "x"_a)
      .def(
          "bend",
          [](const Structure& s, const Vector& x, const Matrix& gamma) {
            s.at(gamma);
            Matrix out = Matrix::Zero(x.size(), x.size());
            s.at(x).add_bend(x.data(), gamma, out);
            return out;
          },
          "x"_a, "gamma"_a)
      .def("face", [](const Structure& s, const Vector& x) { return Face(s, x); }, "x"_a);
}

}  // namespace ranef::binding
