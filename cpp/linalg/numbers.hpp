// Long vectors of numbers, made to be filled by several threads.
//
// Memory of many pages is asked for in large ones, where the system has them: each page costs the
// one who touches it first, and lookups go wrong less often in a few large pages. Numbers stay
// unset when a vector is made or grown without a value, so that whoever fills them touches them
// first.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace ranef {

template <class T>
class PageAllocator {
 public:
  using value_type = T;

  PageAllocator() = default;
  template <class U>
  explicit PageAllocator(const PageAllocator<U>&) {}

  T* allocate(std::size_t count) {
    const std::size_t bytes = count * sizeof(T);
#if defined(__linux__)
    if (bytes >= kLarge) {
      void* made = nullptr;
      if (posix_memalign(&made, kPage, bytes) != 0) throw std::bad_alloc();
      // Advice: nothing is lost where it is not taken. What does not fill a large page lies in
      // small ones.
      madvise(made, bytes / kPage * kPage, MADV_HUGEPAGE);
      return static_cast<T*>(made);
    }
#endif
    return static_cast<T*>(::operator new(bytes));
  }

  void deallocate(T* made, std::size_t count) {
#if defined(__linux__)
    if (count * sizeof(T) >= kLarge) return std::free(made);
#endif
    ::operator delete(made);
  }

  template <class U>
  void construct(U* place) {
    ::new (static_cast<void*>(place)) U;
  }
  template <class U, class... Arguments>
  void construct(U* place, Arguments&&... arguments) {
    ::new (static_cast<void*>(place)) U(std::forward<Arguments>(arguments)...);
  }

  friend bool operator==(const PageAllocator&, const PageAllocator&) { return true; }

 private:
  static constexpr std::size_t kPage = std::size_t{1} << 21;
  static constexpr std::size_t kLarge = 2 * kPage;
};

using HugeVector = std::vector<double, PageAllocator<double>>;

}  // namespace ranef
