// From the coordinates of all terms, one vector, to one Lambda per grouping factor, and the
// derivatives of that map.
//
// Each random-effects term owns a block T of its factor's Lambda and the coordinates of its
// structure, terms in order. For a term without structure they are T's lower triangle, column by
// column. After them the vector may have others that no covariance depends on: parameters of the
// residuals.
#pragma once

#include <memory>
#include <vector>

#include "rows/term.hpp"
#include "structure/direction.hpp"
#include "structure/structure.hpp"

namespace ranef {

class Chart {
 public:
  // Throws if the structure of a term does not exist.
  Chart(std::vector<Term> terms, std::vector<int> group_q, Index others = 0);

  Index size() const { return covariance_size_ + others_; }
  Index covariance_size() const { return covariance_size_; }
  Index others() const { return others_; }
  const std::vector<Term>& terms() const { return terms_; }
  const Structure& structure(std::size_t term) const { return *structures_[term]; }
  int group_q(int group) const { return group_q_[at(group)]; }
  Index first(std::size_t term) const { return first_[term]; }

  // The coordinates of one term.
  Vector part(const Vector& x, std::size_t term) const {
    return x.segment(first_[term], structures_[term]->size());
  }
  void set_part(Vector& x, std::size_t term, const Vector& part) const {
    x.segment(first_[term], structures_[term]->size()) = part;
  }
  Matrix block(const Vector& x, std::size_t term) const {
    return structures_[term]->root(part(x, term));
  }

  std::vector<Matrix> lambda(const Vector& x) const;
  void lambda(const Vector& x, std::vector<Matrix>& out) const;  // into memory that may be there

  // The diagonal block of Gamma that belongs to a term.
  auto gamma_of(const std::vector<Matrix>& gamma, std::size_t term) const {
    const Term& t = terms_[term];
    return gamma[at(t.group)].block(t.offset, t.offset, t.q, t.q);
  }

  // df/dx = 2 <Gamma T, dT>, without the others.
  Vector gradient(const Vector& x, const std::vector<Matrix>& gamma) const;

  // dD for each coordinate, without the others.
  std::vector<Direction> directions(const Vector& x) const;
  void directions(const Vector& x, std::vector<Direction>& out) const;

  // A change of one term's D as one of its factor's.
  Direction embedded(std::size_t term, const Matrix& d) const;

  // The part of the Hessian that comes from the curvature of D in x.
  void add_bend(const Vector& x, const std::vector<Matrix>& gamma, Matrix& hessian) const;

  // As in Structure, term by term. The other coordinates keep their values.
  Vector scaled(const Vector& x, double factor) const;
  Vector canonical(const Vector& x) const;
  Vector parameters(const Vector& x) const;
  Vector coordinates(const Vector& parameters) const;

 private:
  template <class Map>
  Vector by_term(const Vector& x, const Map& map) const;

  std::vector<Term> terms_;
  std::vector<int> group_q_;
  std::vector<std::shared_ptr<const Structure>> structures_;
  std::vector<Index> first_;
  Index covariance_size_ = 0;
  Index others_;
};

}  // namespace ranef
