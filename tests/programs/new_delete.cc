/* SPDX-License-Identifier: MIT */
/* new_delete.cc -- every form of operator new and delete, failures too. */
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <new>
#include <string>
#include <vector>

namespace
{

void expect(bool condition, const char *what)
{
    if (condition)
        return;
    std::fprintf(stderr, "new_delete: %s\n", what);
    std::exit(1);
}

/* The compiler must not see through these. */
void *volatile sink;
volatile std::size_t huge = SIZE_MAX / 2;

void plain()
{
    for (std::size_t size : {0u, 1u, 16u, 17u, 100u, 5000u, 300000u}) {
        void *one = ::operator new(size);
        void *two = ::operator new[](size);
        void *three = ::operator new(size, std::nothrow);
        void *four = ::operator new[](size, std::nothrow);
        expect(one != two && two != three && three != four, "blocks overlap");
        for (void *block : {one, two, three, four})
            std::memset(block, 1, size);
        sink = one;
        ::operator delete(one, size);
        ::operator delete[](two);
        ::operator delete(three, std::nothrow);
        ::operator delete[](four, std::nothrow);
    }
    ::operator delete(nullptr);
    ::operator delete[](nullptr, std::size_t(5));
}

void aligned()
{
    for (std::size_t align = 1; align <= 1 << 20; align *= 2) {
        std::align_val_t value{align};
        for (std::size_t size : {1u, 40u, 4096u, 300000u}) {
            void *blocks[] = {
                ::operator new(size, value),
                ::operator new[](size, value),
                ::operator new(size, value, std::nothrow),
                ::operator new[](size, value, std::nothrow),
            };
            for (void *block : blocks) {
                expect(block != nullptr, "no aligned memory");
                expect(reinterpret_cast<std::uintptr_t>(block) % align == 0,
                       "not aligned");
                std::memset(block, 2, size);
            }
            ::operator delete(blocks[0], value);
            ::operator delete[](blocks[1], size, value);
            ::operator delete(blocks[2], size, value);
            ::operator delete[](blocks[3], value, std::nothrow);
        }
    }
}

int handler_calls;

void handler()
{
    if (++handler_calls == 3)
        std::set_new_handler(nullptr);
}

template <typename Call> bool throws(Call call)
{
    try {
        sink = call();
    } catch (const std::bad_alloc &) {
        return true;
    }
    return false;
}

void failing()
{
    std::align_val_t page{4096};

    expect(throws([] { return ::operator new(huge); }), "new does not throw");
    expect(throws([] { return ::operator new[](huge); }), "new[]: no throw");
    expect(throws([=] { return ::operator new(huge, page); }),
           "aligned new does not throw");
    expect(throws([=] { return ::operator new[](huge, page); }),
           "aligned new[] does not throw");
    expect(::operator new(huge, std::nothrow) == nullptr, "nothrow");
    expect(::operator new[](huge, std::nothrow) == nullptr, "nothrow []");
    expect(::operator new(huge, page, std::nothrow) == nullptr, "aligned");
    expect(::operator new[](huge, page, std::nothrow) == nullptr, "aligned []");
    std::set_new_handler(handler);
    expect(throws([] { return ::operator new(huge); }), "with a handler");
    expect(handler_calls == 3, "the handler was not called until it gave up");
}

void throwing_handler()
{
    handler_calls++;
    throw std::bad_alloc();
}

void failing_in_the_handler()
{
    std::align_val_t page{4096};

    handler_calls = 0;
    std::set_new_handler(throwing_handler);
    expect(throws([] { return ::operator new(huge); }), "handler throws");
    expect(!throws([] { return ::operator new(huge, std::nothrow); }),
           "nothrow throws what the handler throws");
    expect(sink == nullptr, "nothrow");
    expect(!throws([] { return ::operator new[](huge, std::nothrow); }),
           "nothrow [] throws what the handler throws");
    expect(sink == nullptr, "nothrow []");
    expect(!throws([=] { return ::operator new(huge, page, std::nothrow); }),
           "aligned nothrow throws what the handler throws");
    expect(sink == nullptr, "aligned nothrow");
    expect(!throws([=] { return ::operator new[](huge, page, std::nothrow); }),
           "aligned nothrow [] throws what the handler throws");
    expect(sink == nullptr, "aligned nothrow []");
    expect(handler_calls == 5, "the handler is called once by each");
    std::set_new_handler(nullptr);
}

struct alignas(256) Wide {
    char bytes[512];
};

void containers()
{
    std::map<std::string, std::vector<std::unique_ptr<Wide>>> map;

    for (int i = 0; i < 20000; i++) {
        auto &list = map["key " + std::to_string(i % 997)];
        list.push_back(std::make_unique<Wide>());
        expect(reinterpret_cast<std::uintptr_t>(list.back().get()) % 256 == 0,
               "an over-aligned object");
        if (i % 3 == 0)
            map.erase("key " + std::to_string(i * 31 % 997));
    }
    std::printf("%zu keys\n", map.size());
}

} // namespace

int main()
{
    plain();
    aligned();
    failing();
    failing_in_the_handler();
    containers();
    std::puts("new and delete");
    return 0;
}
