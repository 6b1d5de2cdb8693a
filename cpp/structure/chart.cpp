#include "structure/chart.hpp"

#include <stdexcept>
#include <utility>

#include "structure/registry.hpp"

namespace ranef {

Chart::Chart(std::vector<Term> terms, std::vector<int> group_q, Index others)
    : terms_(std::move(terms)), group_q_(std::move(group_q)), others_(others) {
  for (const Term& term : terms_) {
    structures_.push_back(make_structure(term));
    if (!structures_.back()) throw std::invalid_argument("no such structure of a covariance");
    first_.push_back(covariance_size_);
    covariance_size_ += structures_.back()->size();
  }
}

std::vector<Matrix> Chart::lambda(const Vector& x) const {
  std::vector<Matrix> out;
  lambda(x, out);
  return out;
}

void Chart::lambda(const Vector& x, std::vector<Matrix>& out) const {
  out.resize(group_q_.size());
  for (std::size_t g = 0; g < out.size(); ++g) out[g].setZero(group_q_[g], group_q_[g]);
  for (std::size_t k = 0; k < terms_.size(); ++k) {
    const Term& term = terms_[k];
    structures_[k]->root(x.data() + first_[k],
                         out[at(term.group)].block(term.offset, term.offset, term.q, term.q));
  }
}

Vector Chart::gradient(const Vector& x, const std::vector<Matrix>& gamma) const {
  Vector out(covariance_size_);
  for (std::size_t k = 0; k < terms_.size(); ++k) {
    structures_[k]->gradient(x.data() + first_[k], gamma_of(gamma, k), out.data() + first_[k]);
  }
  return out;
}

std::vector<Direction> Chart::directions(const Vector& x) const {
  std::vector<Direction> out;
  directions(x, out);
  return out;
}

void Chart::directions(const Vector& x, std::vector<Direction>& out) const {
  out.resize(at(covariance_size_));
  std::vector<Matrix> own;
  for (std::size_t k = 0; k < terms_.size(); ++k) {
    const Term& term = terms_[k];
    structures_[k]->directions(x.data() + first_[k], own);
    for (std::size_t i = 0; i < own.size(); ++i) {
      Direction& to = out[at(first_[k]) + i];
      to.group = term.group;
      const int width = group_q_[at(term.group)];
      if (width == term.q) {
        to.d = own[i];
        continue;
      }
      to.d.setZero(width, width);
      to.d.block(term.offset, term.offset, term.q, term.q) = own[i];
    }
  }
}

Direction Chart::embedded(std::size_t k, const Matrix& d) const {
  const Term& term = terms_[k];
  const int width = group_q_[at(term.group)];
  Matrix out = Matrix::Zero(width, width);
  out.block(term.offset, term.offset, term.q, term.q) = d;
  return {term.group, std::move(out)};
}

void Chart::add_bend(const Vector& x, const std::vector<Matrix>& gamma, Matrix& hessian) const {
  for (std::size_t k = 0; k < terms_.size(); ++k) {
    const Index count = structures_[k]->size();
    structures_[k]->add_bend(x.data() + first_[k], gamma_of(gamma, k),
                             hessian.block(first_[k], first_[k], count, count));
  }
}

template <class Map>
Vector Chart::by_term(const Vector& x, const Map& map) const {
  Vector out = x;
  for (std::size_t k = 0; k < terms_.size(); ++k)
    set_part(out, k, map(*structures_[k], part(x, k)));
  return out;
}

Vector Chart::scaled(const Vector& x, double factor) const {
  return by_term(x, [=](const Structure& s, const Vector& own) { return s.scaled(own, factor); });
}

Vector Chart::canonical(const Vector& x) const {
  const Vector out =
      by_term(x, [](const Structure& s, const Vector& own) { return s.canonical(own); });
  return out.array() + 0.0;  // no negative zeros
}

Vector Chart::parameters(const Vector& x) const {
  return by_term(x, [](const Structure& s, const Vector& own) { return s.parameters(own); });
}

Vector Chart::coordinates(const Vector& parameters) const {
  return by_term(parameters,
                 [](const Structure& s, const Vector& own) { return s.coordinates(own); });
}

}  // namespace ranef
