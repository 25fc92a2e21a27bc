/* SPDX-License-Identifier: MIT */
/* document.c -- a tree of elements: built, edited, shared, printed, dropped.
 *
 * A parent holds its children in a row that grows; a child knows its parent by
 * a weak reference, so there is no cycle. A document shares a subtree with a
 * clipboard, and outlives neither too early nor too late.
 */
#include <mn/heap.h>
#include <mn/ref.h>
#include <stdio.h>
#include <string.h>

MN_TYPE_DECLARE(element);
MN_TYPE_DECLARE(child);
MN_REFS(element);
MN_REFS(child);

struct child { /* one place in a row of children */
    struct element_ref element;
};

struct element {
    char name[16];
    char *text; /* of mn_alloc, or NULL */
    struct child_ref children;
    size_t child_count;
    struct element_weak parent;
};
MN_REF_FUNCTIONS(child)
MN_REF_FUNCTIONS(element)

static size_t element_count; /* that there are */

static void element_end(struct element *element)
{
    mn_free(element->text);
    element_count--;
}

MN_DROP(element, element_end)
MN_TYPE(child, MN_REFERENCES(MN_MEMBER_IS(REF, child, element, element)));
MN_TYPE(element, .drop = element_drop,
        MN_REFERENCES(MN_MEMBER_IS(REF, element, children, child),
                      MN_MEMBER_IS(WEAK, element, parent, element)));

/* ---- building ---- */

static struct element_ref element_named(const char *name, const char *text)
{
    MN_AUTO(element_ref) element = element_ref_new();

    if (element.at == NULL)
        return (struct element_ref){NULL};
    element_count++;
    (void)snprintf(element.at->name, sizeof element.at->name, "%s", name);
    if (text != NULL) {
        element.at->text = mn_alloc(strlen(text) + 1);
        if (element.at->text == NULL)
            return (struct element_ref){NULL}; /* and the element ends */
        strcpy(element.at->text, text);
    }
    return element_ref_take(&element);
}

/* Have room for one child more. */
static bool element_grow(struct element *parent)
{
    size_t room = child_ref_length(parent->children);

    if (parent->child_count < room)
        return true;
    struct child_ref more = child_ref_new_array(room == 0 ? 2 : 2 * room);
    if (more.at == NULL)
        return false;
    for (size_t i = 0; i < parent->child_count; i++)
        more.at[i].element = element_ref_take(&parent->children.at[i].element);
    child_ref_set(&parent->children, more);
    return true;
}

/* Put `element` at the end of the children; it is taken, also on failure. */
static bool element_add(struct element_ref parent, struct element_ref element)
{
    MN_AUTO(element_ref) added = element;

    if (added.at == NULL || !element_grow(parent.at))
        return false;
    element_weak_drop(&added.at->parent);
    added.at->parent = element_ref_weak(parent);
    struct child *place = &parent.at->children.at[parent.at->child_count++];
    place->element = element_ref_take(&added);
    return true;
}

/* ---- editing ---- */

/* Take a child out of the tree. */
static struct element_ref element_cut(struct element *parent, size_t index)
{
    struct child *places = parent->children.at;
    struct element_ref cut = element_ref_take(&places[index].element);

    for (size_t i = index + 1; i < parent->child_count; i++)
        places[i - 1].element = element_ref_take(&places[i].element);
    parent->child_count--;
    element_weak_drop(&cut.at->parent);
    return cut;
}

/* How deep an element lies, counted by the way up. */
static int element_depth(struct element_ref element)
{
    MN_AUTO(element_ref) at = element_ref_clone(element);
    int depth = -1;

    while (at.at != NULL) {
        depth++;
        element_ref_set(&at, element_weak_upgrade(at.at->parent));
    }
    return depth;
}

/* ---- printing ---- */

static void element_print(struct element_ref element)
{
    const struct element *at = element_ref_get(element);

    printf("%*s%s", 4 + 2 * element_depth(element), "", at->name);
    if (at->text != NULL)
        printf(": %s", at->text);
    if (element_ref_count(element) > 1)
        printf(" (shared by %zu)", element_ref_count(element));
    printf("\n");
    for (size_t i = 0; i < at->child_count; i++)
        element_print(at->children.at[i].element);
}

static void print(const char *title, struct element_ref document)
{
    printf("%s, %zu elements:\n", title, element_count);
    element_print(document);
}

/* ---- a session ---- */

static struct element_ref build(void)
{
    MN_AUTO(element_ref) document = element_named("document", NULL);
    MN_AUTO(element_ref) section = element_named("section", "References");

    if (document.at == NULL || section.at == NULL
        || !element_add(document, element_named("title", "Mneme"))
        || !element_add(section, element_named("p", "One owner, or many."))
        || !element_add(section, element_named("p", "Weak ones lead up."))
        || !element_add(section, element_named("p", "No cycle."))
        || !element_add(document, element_ref_take(&section))
        || !element_add(document, element_named("footer", "page 1")))
        return (struct element_ref){NULL};
    return element_ref_take(&document);
}

int main(void)
{
    MN_AUTO(element_ref) document = build();
    if (document.at == NULL)
        return 1;
    print("built", document);

    /* The clipboard shares the section, which then moves to the end. */
    MN_AUTO(element_ref) clipboard = element_cut(document.at, 1);
    struct element_ref dropped = element_cut(clipboard.at, 2);
    element_ref_drop(&dropped);
    if (!element_add(document, element_ref_clone(clipboard)))
        return 1;
    print("edited", document);

    MN_AUTO(element_weak) title = element_ref_weak(
        document.at->children.at[0].element);
    element_ref_drop(&document);
    print("the document ended, the clipboard has", clipboard);
    MN_AUTO(element_ref) found = element_weak_upgrade(title);
    printf("the title %s\n", found.at == NULL ? "ended, too" : "is there");

    element_ref_drop(&clipboard);
    printf("%zu elements\n", element_count);
    return element_count == 0 && found.at == NULL ? 0 : 1;
}
