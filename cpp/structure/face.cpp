#include "structure/face.hpp"

namespace ranef {

Vector Face::scales() const {
  Vector out = Vector::Ones(size());
  for (std::size_t k = 0; k < terms.size(); ++k) {
    out.segment(first[k], terms[k]->size()) = terms[k]->scales();
  }
  return out;
}

Face face_at(const Chart& chart, const Vector& x) {
  Face face;
  face.others = x.tail(chart.others());
  for (std::size_t k = 0; k < chart.terms().size(); ++k) {
    face.terms.push_back(chart.structure(k).face(chart.part(x, k)));
    face.first.push_back(face.covariance_size());
    for (const Matrix& d : face.terms.back()->directions()) {
      face.directions.push_back(chart.embedded(k, d));
    }
  }
  return face;
}

Vector gradient(const Chart& chart, const Face& face, const std::vector<Matrix>& gamma) {
  Vector out(face.covariance_size());
  for (std::size_t k = 0; k < face.terms.size(); ++k) {
    out.segment(face.first[k], face.terms[k]->size()) =
        face.terms[k]->gradient(chart.gamma_of(gamma, k));
  }
  return out;
}

Vector gradient_after(const Chart& chart, const Face& face, const Vector& step,
                      const std::vector<Matrix>& gamma) {
  Vector out(face.covariance_size());
  for (std::size_t k = 0; k < face.terms.size(); ++k) {
    const Index count = face.terms[k]->size();
    out.segment(face.first[k], count) = face.terms[k]
                                            ->shifted(step.segment(face.first[k], count))
                                            ->gradient(chart.gamma_of(gamma, k));
  }
  return out;
}

Matrix bend(const Chart& chart, const Face& face, const std::vector<Matrix>& gamma) {
  Matrix out = Matrix::Zero(face.covariance_size(), face.covariance_size());
  for (std::size_t k = 0; k < face.terms.size(); ++k) {
    const Index count = face.terms[k]->size();
    out.block(face.first[k], face.first[k], count, count) =
        face.terms[k]->bend(chart.gamma_of(gamma, k));
  }
  return out;
}

Vector moved(const Chart& chart, const Face& face, const Vector& step,
             const std::vector<std::vector<Leave>>& leaves) {
  Vector out(chart.size());
  for (std::size_t k = 0; k < face.terms.size(); ++k) {
    const Vector own = step.segment(face.first[k], face.terms[k]->size());
    chart.set_part(out, k, face.terms[k]->moved(own, leaves[k]));
  }
  out.tail(chart.others()) = face.others + step.tail(chart.others());
  return out;
}

}  // namespace ranef
