// From the parameter vector theta to one Lambda per grouping factor, and derivatives with it.
//
// Each random-effects term owns a lower-triangular block T of its factor's Lambda; theta lists the
// blocks column by column, terms in order. Signs are free: flipping a column of T changes nothing.
#pragma once

#include <vector>

#include "rows/term.hpp"
#include "structure/direction.hpp"

namespace ranef {

class Chart {
 public:
  Chart(std::vector<Term> terms, std::vector<int> group_q);

  Index size() const { return static_cast<Index>(entries_.size()); }
  const std::vector<Term>& terms() const { return terms_; }

  std::vector<Matrix> lambda(const Vector& theta) const;
  void lambda(const Vector& theta,
              std::vector<Matrix>& out) const;  // into memory that may be there
  Matrix block(const Vector& theta, std::size_t term) const;
  void set_block(Vector& theta, std::size_t term, const Matrix& t) const;
  Index first(std::size_t term) const { return first_[term]; }
  int group_q(int group) const { return group_q_[at(group)]; }

  // The diagonal block of Gamma that belongs to a term.
  auto gamma_of(const std::vector<Matrix>& gamma, std::size_t term) const {
    const Term& t = terms_[term];
    return gamma[at(t.group)].block(t.offset, t.offset, t.q, t.q);
  }

  // df/dtheta = 2 (Gamma Lambda) on the free entries.
  Vector gradient(const std::vector<Matrix>& gamma, const std::vector<Matrix>& lambda) const;

  // dD for each entry of theta.
  std::vector<Direction> directions(const std::vector<Matrix>& lambda) const;
  void directions(const std::vector<Matrix>& lambda, std::vector<Direction>& out) const;

  // The part of the Hessian that comes from D being quadratic in theta: 2 Gamma, same column.
  void add_bend(const std::vector<Matrix>& gamma, Matrix& hessian) const;

 private:
  struct Entry {
    int group, row, column;
  };
  std::vector<Term> terms_;
  std::vector<int> group_q_;
  std::vector<Entry> entries_;
  std::vector<Index> first_;
};

// Lower-triangular T with T T' = S for positive semidefinite S; pivots below `tolerance` times the
// diagonal become exact zeros, and so does their column. Diagonal entries are not negative.
Matrix semidefinite_cholesky(const Matrix& s, double tolerance);

}  // namespace ranef
