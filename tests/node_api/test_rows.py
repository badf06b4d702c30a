from node_api.rows import RunRow, as_csv

COLUMNS = (
    "classifier,arm,train_fraction,lesions,seed,n_train_real,n_train_synthetic,n_test,prevalence,"
    "accuracy,f1,auroc,auprc,f1_healthy,auprc_healthy,threshold,sensitivity_at_90_specificity,"
    "brier,calibration_error,temperature,n_test_patients,auroc_patients,auprc_patients"
)
OF_THE_FIRST_VERSION = """{
    "classifier": "cnn", "arm": "none", "train_fraction": 1.0, "lesions": "all", "seed": 3,
    "n_train_real": 40, "n_train_synthetic": 0, "n_test": 8, "prevalence": 0.5, "accuracy": 0.75,
    "f1": null, "auroc": 0.875, "auprc": 0.9, "f1_healthy": 0.7, "auprc_healthy": 0.8
}"""


def test_a_row_of_the_first_version_is_read_and_what_it_did_not_measure_is_empty() -> None:
    row = RunRow.model_validate_json(OF_THE_FIRST_VERSION)

    assert (
        as_csv([row])
        == f"{COLUMNS}\ncnn,none,1.0,all,3,40,0,8,0.5,0.75,,0.875,0.9,0.7,0.8,0.5,,,,,,,\n"
    )


def test_a_rows_json_has_the_fields_in_the_order_of_the_columns() -> None:
    row = RunRow.model_validate_json(OF_THE_FIRST_VERSION)

    assert list(row.model_dump()) == [*COLUMNS.split(","), "undefined"]
