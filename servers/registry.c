/* registry - the table of models, made from models.def. */
#include "model.h"

#include <stddef.h>
#include <string.h>
#include <unistd.h>

#define MODEL(name)     extern const struct server_model model_##name;
#define REFERENCE(name) MODEL(name)
#include "models.def"
#undef MODEL
#undef REFERENCE

static const struct server_model *const models[] = {
#define MODEL(name)     &model_##name,
#define REFERENCE(name) MODEL(name)
#include "models.def"
#undef MODEL
#undef REFERENCE
    NULL,
};

const struct server_model *model_at(unsigned index)
{
    return models[index];
}

const struct server_model *model_find(const char *name)
{
    for (unsigned i = 0; models[i] != NULL; i++)
        if (strcmp(models[i]->name, name) == 0)
            return models[i];
    return NULL;
}

const char *model_unavailable(const struct server_model *model)
{
    if (model->unavailable != NULL || model->probe == NULL)
        return model->unavailable;
    return model->probe();
}

unsigned model_workers(const struct server_model *model)
{
    bool per_cpu = model->workers_default == WORKERS_CPUS;

    return per_cpu ? (unsigned)sysconf(_SC_NPROCESSORS_ONLN) : model->workers_default;
}
